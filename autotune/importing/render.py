"""The imported server as text: a v2 task whose comments say where each value came from, and the report as plain data."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from autotune.importing.imported import Status
from autotune.schema.task_text import spell_comment, spell_flow, write_settings

if TYPE_CHECKING:
    from autotune.importing.imported import Imported, Part

_LABELS = {Status.LEFT_OUT: "NOT CARRIED OVER ", Status.REFUSED: "DOES NOT COME BACK "}


def render_task(imported: Imported) -> str:
    """The task file. Its head lists what is not in it, and what needed no setting."""
    head = f"Imported from {imported.where}, read as {imported.engine} {imported.version}; each comment names what the value below it came from."
    lines = [spell_comment(head)]
    lines += [
        spell_comment(f"{label}{_line(part)}")
        for status, label in _LABELS.items()
        for part in imported.parts
        if part.status is status
    ]
    noted: dict[str, list[str]] = {}
    for part in imported.parts:
        if part.status is Status.NOTED:
            noted.setdefault(part.note, []).append(part.said)
    lines += [spell_comment(f"{note}: {'; '.join(said)}") for note, said in noted.items()]
    lines += [f"name: {spell_flow(imported.name)}", "version: 2"]
    lines += write_settings(imported.settings)
    return "\n".join(lines) + "\n"


def render_summary(imported: Imported) -> str:
    """One line for people."""
    counts = Counter(part.status for part in imported.parts)
    listed = ", ".join(f"{counts[status]} {status.value.replace('_', ' ')}" for status in Status if counts[status])
    back = "not all of it comes back" if counts[Status.REFUSED] else "lowers to the same arguments again"
    beside = f", beside {', '.join(imported.added)}" if imported.added else ""
    return f"{imported.engine} {imported.version}: {listed}; {back}{beside}"


def report_data(imported: Imported) -> dict[str, Any]:
    """Plain data: every part with what became of it, the settings by dotted path, and the task's text."""
    counts = Counter(part.status for part in imported.parts)
    return {
        "where": imported.where,
        "engine": imported.engine,
        "version": imported.version,
        "counts": {status.value: counts[status] for status in Status},
        "settings": {".".join(item.path): item.value for item in imported.settings},
        "parts": [
            {"said": part.said, "status": part.status.value, "targets": list(part.targets), "note": part.note}
            for part in imported.parts
        ],
        "added": list(imported.added),
        "diagnostics": [item.as_dict() for item in imported.diagnostics],
        "task": render_task(imported),
    }


def _line(part: Part) -> str:
    return f"{part.said}: {part.note}" if part.note else part.said
