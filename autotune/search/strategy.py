"""What a search strategy is: it is asked for the next point to measure, and told what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

#: A point of the space: setting -> value. A setting that a point does not have (a conditional one) is left out.
Point = Mapping[str, Any]
#: What one point gave: metric -> value, in the metric's own unit.
Metrics = Mapping[str, float]
Direction = Literal["max", "min"]
#: Predicted metrics, None where there are none: one entry a point, or a function from a point to them.
Predictor = Sequence[Metrics | None] | Callable[[Point], Metrics | None]

#: Failures of a server that never came up.
_AT_START = frozenset({"start_crash", "not_ready", "image", "unschedulable"})


@dataclass(frozen=True, slots=True)
class Failure:
    """A point that gave no metrics. Kinds are those of runs (docs/running.md): `out_of_memory`, `start_crash`, ...;
    `at_start` says that the server never came up, so that no other load can work on it (default: by the kind).
    """

    kind: str
    message: str = ""
    at_start: bool | None = None
    tried: bool = True
    """Whether it cost an experiment: a point may be given up without one."""

    def __post_init__(self) -> None:
        if self.at_start is None:
            object.__setattr__(self, "at_start", self.kind in _AT_START)


class Strategy(Protocol):
    """Chooses points by index into the list it was made with. Same seed, same questions, same answers."""

    def ask(self, running: Collection[int] = ()) -> int | None:
        """The next point to measure; it is open until told. None when there is nothing (more) to ask for: with points
        open, ask again after the next `tell`. `running` are points, told already, whose servers are still up: another
        point on one of them, as on that of an open point, is cheaper.
        """
        ...

    def tell(self, index: int, outcome: Metrics | Failure) -> None:
        """What came of a point, asked for or not (an earlier run's). A metric that is missing or NaN is not known; a point
        without all objectives' metrics, or with the metric `feasible` at 0, can be on no frontier. Telling a point again replaces what was told.
        """
        ...

    def drop(self, index: int) -> None:
        """An open point will not be told: it was interrupted, and may be asked for again."""
        ...
