"""Provenance for people: every value, who set it, what it overrode, and the conditions that were false."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autotune.layers import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.compiled import CompiledPoint


def explain_point(point: CompiledPoint) -> dict[str, Any]:
    """Every value that somebody set, and what became of every layer, as plain data."""
    paths = [
        path for leaf, value in flatten(point.data) if value is not None and (path := ".".join(leaf)) in point.origin
    ]
    return {
        "id": point.id,
        "paths": [entry for path in paths for entry in explain_path(point, path)],
        "layers": [
            {
                "layer": record.layer.id,
                "outcome": record.outcome,
                "when": None if record.layer.when is None else record.layer.when.text,
                "values": record.values,
                "writer": str(record.layer.writer),
            }
            for record in (point.layered.records if point.layered is not None else ())
        ],
    }


def explain_path(point: CompiledPoint, path: str) -> list[dict[str, Any]]:
    """One path, or every field below it: value, writer, and each write that lost or was never made."""
    values = {".".join(leaf): value for leaf, value in flatten(point.data)}
    below = [name for name in values if name == path or name.startswith(f"{path}.")] or [path]
    return [_explain_leaf(point, name, values.get(name)) for name in below]


def _explain_leaf(point: CompiledPoint, path: str, value: Any) -> dict[str, Any]:
    writer = point.origin.get(path)
    entry: dict[str, Any] = {"path": path, "value": value, "writer": None if writer is None else str(writer)}
    layered = point.layered
    if layered is None:
        return entry
    written = [record for record in layered.writes if record.path == path]
    standing = [record for record in written if record.stands]
    overrode = [
        {"value": record.value, "writer": str(record.writer), "reason": "a later layer"} for record in standing[:-1]
    ]
    overrode += [
        {"value": record.value, "writer": str(record.writer), "reason": record.reason}
        for record in written
        if not record.stands
    ]
    entry["overrode"] = overrode
    entry["not_applied"] = [
        {
            "layer": record.layer.id,
            "value": offered,
            "when": record.layer.when.text,
            "values": record.values,
            "writer": str(record.layer.writer),
        }
        for record in layered.records
        if record.outcome != "applied" and record.layer.when is not None
        for leaf, offered, _ in record.layer.writes
        if ".".join(leaf) == path
    ]
    return entry


def render_explanation(data: dict[str, Any]) -> str:
    """The text form of `explain_point` or of the paths of `explain_path`."""
    lines = [line for entry in data["paths"] for line in _leaf_lines(entry)]
    if data.get("layers"):
        lines += ["", "layers"]
        for layer in data["layers"]:
            lines.append(f"  {layer['outcome']:<8}{layer['layer']}  ({layer['writer'].partition(', layer')[0]})")
            if layer["when"] is not None:
                lines.append(f"          when {_one_line(layer['when'])}")
                lines.append(f"          with {layer['values']}")
    return "\n".join(lines) + "\n"


def _leaf_lines(entry: dict[str, Any]) -> Iterable[str]:
    if entry["value"] is None:
        yield f"{entry['path']} is not set: the engine chooses"
    else:
        yield f"{entry['path']} = {json.dumps(entry['value'], ensure_ascii=False)}"
    if entry["writer"] is not None:
        yield f"  set by {entry['writer']}"
    for loser in entry.get("overrode", ()):
        yield f"  over {json.dumps(loser['value'], ensure_ascii=False)} from {loser['writer']} ({loser['reason']})"
    for missed in entry.get("not_applied", ()):
        yield f"  not {json.dumps(missed['value'], ensure_ascii=False)} from {missed['layer']} ({missed['writer'].partition(', layer')[0]}), whose condition is false:"
        yield f"      when {_one_line(missed['when'])}"
        yield f"      with {missed['values']}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
