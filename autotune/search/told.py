"""What a strategy has been told, what is open, and what follows for points that were not tried."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autotune.search.strategy import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.search.space import Space
    from autotune.search.strategy import Direction, Metrics

#: A metric that is 0 where a result breaks a constraint: it teaches, and is on no frontier.
FEASIBLE = "feasible"
#: How fast what happened to one point stops bearing on others, by their distance (`Space.distance`).
_REACH = 2.0
_DOUBT = 1.0
"""Weight of the belief that a point works, against points that failed or worked nearby."""


class Told:
    """The bookkeeping that all strategies share. `limit` is the number of experiments, failed ones included."""

    def __init__(self, space: Space, objectives: Mapping[str, Direction], limit: int | None) -> None:
        self.space = space
        self.objectives = dict(objectives)
        self.limit = limit
        self.outcomes: dict[int, Metrics | Failure] = {}
        self.open: dict[int, None] = {}
        self._ruled_out: set[int] = set()

    @property
    def experiments(self) -> int:
        tried = sum(not isinstance(item, Failure) or item.tried for item in self.outcomes.values())
        return tried + len(self.open)

    @property
    def used_up(self) -> bool:
        return self.limit is not None and self.experiments >= self.limit

    def take(self, index: int) -> int:
        self.open[index] = None
        return index

    def drop(self, index: int) -> None:
        self.open.pop(index, None)

    def tell(self, index: int, outcome: Metrics | Failure | Any) -> None:
        """Note an outcome; anything that is no mapping but has a `kind` is a failure."""
        if not 0 <= index < self.space.size:
            raise IndexError(f"there is no point {index}; the space has {self.space.size}")
        self.open.pop(index, None)
        if isinstance(outcome, Mapping):
            self.outcomes[index] = {name: float(value) for name, value in outcome.items() if value is not None}
            return
        failure = outcome if isinstance(outcome, Failure) else Failure(outcome.kind, getattr(outcome, "message", ""))
        self.outcomes[index] = failure
        self._ruled_out |= {other for other in range(self.space.size) if self._follows(other, index, failure)}

    def candidates(self) -> list[int]:
        """Points that may still be asked for."""
        return [index for index in range(self.space.size) if self.may_ask(index)]

    def may_ask(self, index: int) -> bool:
        return index not in self.outcomes and index not in self.open and index not in self._ruled_out

    def rows(self) -> dict[int, tuple[float, ...]]:
        """The points with every objective known, each as a row that is minimised."""
        return {i: row for i, outcome in self.outcomes.items() if (row := self._row(outcome)) is not None}

    def known(self, metric: str) -> dict[int, float]:
        """One metric, where it was measured."""
        found = {i: item[metric] for i, item in self.outcomes.items() if isinstance(item, Mapping) and metric in item}
        return {i: value for i, value in found.items() if math.isfinite(value)}

    def shares_server(self, index: int, running: Iterable[int] = ()) -> bool:
        """Whether the point's server is one that an open point, or one of `running`, is on."""
        return any(self.space.servers[index] == self.space.servers[other] for other in (*self.open, *running))

    def chances(self, candidates: Iterable[int]) -> dict[int, float]:
        """The chance that each candidate gives metrics, from what happened nearby."""
        rows = self.rows()
        failed = [index for index in self.outcomes if index not in rows]
        if not failed:
            return dict.fromkeys(candidates, 1.0)
        return {index: self._chance(index, failed, rows) for index in candidates}

    def _chance(self, index: int, failed: Iterable[int], rows: Iterable[int]) -> float:
        against = sum(self._weight(index, other) for other in failed)
        return 1.0 - against / (against + sum(self._weight(index, other) for other in rows) + _DOUBT)

    def _weight(self, index: int, other: int) -> float:
        return math.exp(-_REACH * self.space.distance(index, other))

    def _row(self, outcome: Metrics | Failure) -> tuple[float, ...] | None:
        return objective_row(outcome, self.objectives) if isinstance(outcome, Mapping) else None

    def _follows(self, other: int, index: int, failure: Failure) -> bool:
        if failure.at_start and self.space.servers[other] == self.space.servers[index]:
            return True
        return failure.kind == "out_of_memory" and self.space.needs_as_much(other, index)


def objective_row(metrics: Metrics, objectives: Mapping[str, Direction]) -> tuple[float, ...] | None:
    """The objectives of one point, minimised; None where one is not known or the point is not feasible."""
    if not metrics.get(FEASIBLE, 1.0):
        return None
    values = [metrics.get(metric, math.nan) for metric in objectives]
    if not all(math.isfinite(value) for value in values):
        return None
    return tuple(minimised(value, way) for value, way in zip(values, objectives.values(), strict=True))


def minimised(value: float, direction: Direction) -> float:
    return -value if direction == "max" else value
