"""What became of a server that was found: the settings of a v2 task, and an account of everything that was said."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import hide_secrets

if TYPE_CHECKING:
    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema.task_text import Setting


class Status(Enum):
    """`mapped` to config paths, `kept` verbatim as flag or variable, `noted` because no setting is needed for it.

    `left_out` could not be carried over, and a person has to see to it; `refused` is in the task and does not come back when
    it is lowered.
    """

    MAPPED = "mapped"
    KEPT = "kept"
    NOTED = "noted"
    LEFT_OUT = "left_out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was said, as it was said, and what became of it. A secret's `said` does not hold its value."""

    said: str
    status: Status
    targets: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """A server as settings. `kept` and `notes` are what no config path holds; nothing that was said is in neither.

    `values` are the arguments that the lowered task must give again, `added` those that it gives beside them.
    """

    where: str
    name: str
    engine: str
    version: str
    settings: tuple[Setting, ...]
    parts: tuple[Part, ...]
    values: dict[str, Any]
    added: tuple[str, ...]
    keeps_file: bool = False
    variants: tuple[Facts, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def kept(self) -> dict[str, Any]:
        """Engine flags that stay as they are, by flag: misc.extra_args."""
        return {item.path[2]: item.value for item in self.settings if item.path[:2] == ("misc", "extra_args")}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not carried over, or needed no setting, as text."""
        return tuple(
            f"{part.said}: {part.note}" for part in self.parts if part.status in (Status.NOTED, Status.LEFT_OUT)
        )


@dataclass(slots=True)
class Account:
    """The settings and the account while they are put together, in the order of the task file."""

    settings: dict[tuple[str, ...], Setting] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def add(self, said: str, status: Status, targets: tuple[str, ...] = (), note: str = "") -> None:
        """Account for one thing. What looks like a secret in it is not repeated."""
        self.parts.append(Part(hide_secrets(said), status, targets, note))
