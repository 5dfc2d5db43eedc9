"""The text of a v2 task file: every decision as a comment above what it decided."""

from __future__ import annotations

from typing import Any

from autotune.migrate.draft import Draft, shown
from autotune.migrate.entry import Status
from autotune.schema.task_text import Setting, spell_comment, spell_flow, write_entry, write_settings


def write_v2(draft: Draft, name: Any, description: Any) -> str:
    """The task file. Its head lists what was not carried over."""
    lines = ["# Migrated from a v1 task; each comment names the v1 value below it."]
    for entry in draft.entries:
        if entry.status is Status.REFUSED:
            lines.append(
                spell_comment(f"NOT CARRIED OVER {shown(entry.path)} = {spell_flow(entry.value)}: {entry.reason}")
            )
        elif entry.status is Status.NOTED and not entry.targets:
            lines.append(spell_comment(f"v1 {shown(entry.path)} = {spell_flow(entry.value)}: {entry.reason}"))
    lines.append(f"name: {spell_flow(str(name))}")
    if description is not None:
        lines.append(f"description: {spell_flow(str(description))}")
    lines.append("version: 2")
    lines += write_settings(draft.settings)
    if draft.sweeps:
        lines += ["", "sweep:"]
        lines += [line for item in _merged(draft.sweeps) for line in write_entry(item.path[0], item, 1)]
    return "\n".join(lines) + "\n"


def _merged(sweeps: list[Setting]) -> list[Setting]:
    """Flags with a dot in their name are swept as maps of one key; several such sweeps become one of their product."""
    merged: dict[str, Setting] = {}
    for item in sweeps:
        key = item.path[0]
        if key in merged:
            first = merged[key]
            rows = [{**one, **other} for one in first.value for other in item.value]
            item = Setting(item.path, rows, f"{first.comment}; {item.comment}")  # noqa: PLW2901 - takes its place
        merged[key] = item
    return list(merged.values())
