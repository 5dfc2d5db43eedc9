"""What a person can say about a point, as data: set a value, choose a group option, choose profiles.

Everything that is said - on the command line, in a task file, through the Python API - becomes a `Dimension`: a list of
alternatives, each a tuple of settings. A dimension with one alternative holds for every point; more make a sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.layers import split_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.diagnostics import Writer

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assign:
    """Write a value to a path; a map is merged into the map that is there."""

    path: Path
    value: Any
    writer: Writer
    text: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Take another option of a config group."""

    group: str
    option: str
    writer: Writer
    text: str


@dataclass(frozen=True, slots=True)
class UseProfiles:
    """Apply these profiles, in this order, after those already chosen."""

    names: tuple[str, ...]
    writer: Writer
    text: str


@dataclass(frozen=True, slots=True)
class HydraOnly:
    """An override that only Hydra itself can carry out: `~key`, `group@package=`, `hydra.*`, `${...}`."""

    text: str
    writer: Writer


Setting = Assign | Choose | UseProfiles | HydraOnly
Alternative = tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """The alternatives of one thing that was said. `swept` marks those that make several points."""

    alternatives: tuple[Alternative, ...]
    swept: bool = False


def setting_for(key: str, value: Any, groups: Iterable[str], writer: Writer, text: str) -> Setting:
    """The setting that `key: value` means: profiles, a group option (text for a group's name), or a value."""
    if key == "profile":
        names = (value,) if isinstance(value, str) else tuple(value or ())
        return UseProfiles(tuple(str(name) for name in names), writer, text)
    if key in groups and isinstance(value, str):
        return Choose(key, value, writer, text)
    return Assign(split_path(key), value, writer, text)
