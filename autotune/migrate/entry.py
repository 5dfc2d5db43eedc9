"""What became of one v1 value, and of a whole v1 task."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

Path = tuple[str, ...]


class Status(Enum):
    """`mapped` to a config path, `kept` verbatim as an engine flag, `noted` in a comment, `refused` with a reason."""

    MAPPED = "mapped"
    KEPT = "kept"
    NOTED = "noted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one v1 value: the value as it stood, the v2 paths it went to, and why.

    The entries of a task account for all of it: putting each `value` at its `path` gives the v1 task back.
    """

    path: Path
    value: Any
    status: Status
    targets: tuple[str, ...] = ()
    reason: str = ""
    needs_human: bool = False


@dataclass(frozen=True, slots=True)
class Migration:
    """A migrated task. `text` is the v2 task file; None where no engine is known, and nothing could be written."""

    name: str
    text: str | None
    entries: tuple[Entry, ...]

    @property
    def needs_human(self) -> bool:
        """Whether something has to be decided or checked by a person."""
        return any(entry.needs_human for entry in self.entries)
