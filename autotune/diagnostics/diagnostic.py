"""The diagnostic: one thing that is wrong, where, who wrote it, and what to do instead."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autotune.diagnostics.codes import CODES
from autotune.frozen import of_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.diagnostics.provenance import Writer


class Severity(enum.StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Diagnostic:
    """One finding.

    `code` is stable (a key of `CODES`); `path` is the dotted config path it is about; `writer` is who set that path;
    `point` is the id of the sweep point, None when it concerns all of them.
    """

    code: str
    severity: Severity
    message: str
    path: str | None = None
    writer: Writer | None = None
    help: str | None = None
    point: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--format json`; keys that hold nothing are left out."""
        data: dict[str, Any] = {"code": self.code, "severity": self.severity.value, "message": self.message}
        if self.path is not None:
            data["path"] = self.path
        if self.writer is not None:
            data["writer"] = str(self.writer)
            if self.writer.file is not None:
                data["file"] = self.writer.file
                data["line"] = self.writer.line
        if self.help is not None:
            data["help"] = self.help
        if self.point is not None:
            data["point"] = self.point
        return data

    def at(self, writer: Writer | None) -> Diagnostic:
        """The same finding with its writer named, unless it has one."""
        if self.writer is not None or writer is None:
            return self
        return of_fields(Diagnostic, self.__dict__ | {"writer": writer})

    def of_point(self, point: str) -> Diagnostic:
        """The same finding at this point of the sweep."""
        return of_fields(Diagnostic, self.__dict__ | {"point": point})


def diagnostic(
    code: str,
    message: str,
    *,
    path: str | None = None,
    writer: Writer | None = None,
    help: str | None = None,  # noqa: A002 - the word that the output prints
) -> Diagnostic:
    """Build a diagnostic with the severity that its code has in `CODES`."""
    return Diagnostic(code, Severity(CODES[code].severity), message, path, writer, help)


class InputError(Exception):
    """The input cannot be compiled; carries every diagnostic found, never just the first."""

    def __init__(self, *diagnostics: Diagnostic, labels: Mapping[str, str] | None = None) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = diagnostics
        #: What people call the points that the findings name.
        self.labels: Mapping[str, str] = labels or {}
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in diagnostics))


class UnknownNameError(InputError):
    """Something was named that is not there: a run, a point, a profile, a model. One that could be there."""


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return Severity.ERROR in [item.severity for item in diagnostics]


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Errors, then warnings, then notes; within each the order they were found in."""
    ranks = list(Severity)
    return sorted(diagnostics, key=lambda item: ranks.index(item.severity))


def unique(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The findings in order, the same finding at several sweep points only once (its `point` dropped then)."""
    seen: dict[Diagnostic, set[str | None]] = {}
    for item in diagnostics:
        seen.setdefault(replace(item, point=None), set()).add(item.point)
    return [replace(item, point=next(iter(points))) if len(points) == 1 else item for item, points in seen.items()]
