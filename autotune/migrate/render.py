"""The report of migrations, as plain data and as text."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import hide_secrets, holds_secret
from autotune.diagnostics.secrets import HIDDEN
from autotune.migrate.draft import shown
from autotune.migrate.entry import Status

if TYPE_CHECKING:
    from autotune.migrate.entry import Entry, Migration


def report_data(migration: Migration) -> dict[str, Any]:
    """Plain data: counts of each status, and every v1 value with what became of it."""
    counts = Counter(entry.status for entry in migration.entries)
    return {
        "file": migration.name,
        "needs_human": migration.needs_human,
        "counts": {status.value: counts[status] for status in Status},
        "values": [
            {
                "path": list(entry.path),
                "value": _value(entry),
                "status": entry.status.value,
                "targets": list(entry.targets),
                "reason": entry.reason,
                "needs_human": entry.needs_human,
            }
            for entry in migration.entries
        ],
    }


def report_text(migration: Migration) -> str:
    """Lines for people; `!` marks what needs a decision."""
    counts = Counter(entry.status for entry in migration.entries)
    lines = [f"{migration.name}: " + ", ".join(f"{counts[status]} {status.value}" for status in Status)]
    for entry in migration.entries:
        mark = "!" if entry.needs_human else " "
        target = f" -> {', '.join(entry.targets)}" if entry.targets else ""
        reason = f"  ({entry.reason})" if entry.reason else ""
        value = json.dumps(_value(entry), ensure_ascii=False)
        lines.append(f"{mark} {entry.status.value:<8}{shown(entry.path)} = {value}{target}{reason}")
    return "\n".join(lines)


def _value(entry: Entry) -> Any:
    """The value as it stood; of a secret, only that there is one."""
    text = entry.value if isinstance(entry.value, str) else json.dumps(entry.value)
    if not entry.path or not holds_secret(entry.path[-1], text):
        return entry.value if hide_secrets(text) == text else HIDDEN
    return HIDDEN
