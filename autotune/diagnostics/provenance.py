"""Who set a value: the ordered sources and the record of one writer."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from autotune.diagnostics.secrets import hide_secrets


class Source(enum.IntEnum):
    """Where a value comes from; the higher source wins, whatever the order of writing."""

    BASE = 0
    PROFILE = 1
    USER = 2
    SWEEP = 3


@dataclass(frozen=True, slots=True)
class Writer:
    """One place that set, or tried to set, a config value.

    `file` and `line` point into a YAML file; `override` holds the text as typed for a value from the command line;
    `profile` and `layer` name the layer for `Source.PROFILE`.
    """

    source: Source
    file: str | None = None
    line: int | None = None
    profile: str | None = None
    layer: str | None = None
    override: str | None = None

    @property
    def location(self) -> str:
        """`file:line`, or the override as typed with its secrets hidden, or `default`."""
        if self.file is not None:
            return self.file if self.line is None else f"{self.file}:{self.line}"
        if self.override is not None:
            return f"override {hide_secrets(self.override)}"
        return "default"

    def __str__(self) -> str:
        return self.location if self.layer is None else f"{self.location}, layer `{self.layer}`"
