"""What stands below each field of the Advanced form: the value that holds, who set it, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import Source
from autotune.layers import get_path, split_path
from autotune.report.masking import mask_data
from autotune.schema import Config, open_paths
from autotune.schema.fields import Field, fields_of
from autotune.web.pages.draft import ALSO
from autotune.web.pages.panel import show_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.compiled import CompiledPoint
    from autotune.diagnostics import Diagnostic, Writer
    from autotune.web.pages.checked import Checked


#: Where nothing is set, the engine has a value of its own.
_ENGINE = frozenset({"parallel", "quantization", "memory", "scheduling", "attention", "misc"})


@dataclass(frozen=True, slots=True)
class Note:
    """`value` is the text of what holds, empty where the engine chooses; `by` says who set it, `place` the file and line."""

    path: str
    value: str
    by: str
    place: str
    findings: tuple[Diagnostic, ...] = ()

    @property
    def unset(self) -> str:
        """What is said where nobody set a value."""
        return "not set: the engine chooses" if self.path.partition(".")[0] in _ENGINE else "not set"

    @property
    def invalid(self) -> bool:
        return any(item.severity.value == "error" for item in self.findings)


def build_notes(checked: Checked, also: Iterable[str] = ()) -> dict[str, Note]:
    """A note for every field, of the first point that can run, else of the first; one more for the further overrides."""
    points = checked.runnable or list(checked.points)
    point = points[0] if points else None
    swept = _swept(checked)
    at = _findings_at(checked.findings)
    fields = [field for group in Config.model_fields for field in fields_of(group)]
    notes = {field.path: _note(field, point, swept.get(field.path, 0), at.get(field.path, ())) for field in fields}
    typed = set(also)
    wrong = [item for item in checked.findings if item.writer is not None and item.writer.override in typed]
    return notes | {ALSO: Note(ALSO, "", "", "", tuple(wrong))}


def _note(field: Field, point: CompiledPoint | None, swept: int, findings: Iterable[Diagnostic]) -> Note:
    found = tuple(findings)
    if point is None:
        return Note(field.path, "", "", "", found)
    path = split_path(field.path)
    value: Any = mask_data(path[-1], get_path(point.data, path))
    if swept:
        return Note(field.path, f"{swept} values", "swept by you", "", found)
    if value is None or value in ({}, [], ()):
        return Note(field.path, "", "", "", found)
    by, place = _by(_writer(point.origin, field.path))
    return Note(field.path, show_value(value), by, place, found)


def _writer(origin: Mapping[str, Writer], path: str) -> Writer | None:
    below = (writer for known, writer in origin.items() if known.startswith(f"{path}."))
    return origin.get(path) or next(below, None)


def _by(writer: Writer | None) -> tuple[str, str]:
    if writer is None:
        return "schema", ""
    place = "" if writer.file is None else writer.location
    match writer.source:
        case Source.BASE:
            return ("default", place) if place.startswith("conf/") else (place, "")
        case Source.PROFILE:
            return f"profile {writer.profile}, layer {writer.layer}", place
        case _:
            return "you", place


def _swept(checked: Checked) -> dict[str, int]:
    return {
        ".".join(setting.path): len(item.alternatives)
        for item in checked.dimensions
        if item.swept
        for setting in item.alternatives[0]
        if hasattr(setting, "path")
    }


def _findings_at(findings: Iterable[Diagnostic]) -> dict[str, list[Diagnostic]]:
    """Findings by the field they are about: by their path, and by the path that the refused override begins with."""
    found: dict[str, list[Diagnostic]] = {}
    for item in findings:
        override = item.writer.override if item.writer is not None else None
        for path in filter(None, (item.path, override and override.partition("=")[0].lstrip("+"))):
            # A key of a map has no field of its own.
            base = next((known for known in open_paths() if path.startswith(f"{known}.")), path)
            found.setdefault(base, [])
            if item not in found[base]:
                found[base].append(item)
    return found
