"""Pairs of loads that are laid against each other, what they say together, and what their configs differ in."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.report.rows import Row
    from autotune.score import Objective


@dataclass(frozen=True, slots=True)
class Pair:
    """One load on two points that differ in one setting."""

    before: Row
    after: Row

    def ratio(self, objective: Objective) -> float:
        """After / before in one metric; NaN where either is not known or not positive."""
        old, new = self.before.metric(objective), self.after.metric(objective)
        return new / old if old > 0 and new > 0 and math.isfinite(new / old) else math.nan


@dataclass(frozen=True, slots=True)
class Change:
    """One metric over all pairs that have it: their ratios after / before, ascending."""

    objective: Objective
    ratios: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def low(self) -> float:
        return self.ratios[0]

    @property
    def high(self) -> float:
        return self.ratios[-1]

    @property
    def better(self) -> int:
        """In how many pairs it improved."""
        return sum(ratio > 1 if self.objective.maximise else ratio < 1 for ratio in self.ratios)

    @property
    def mixed(self) -> bool:
        """Whether it went up in some pairs and down in others."""
        return self.low < 1 < self.high


def pair_loads(before: Iterable[Row], after: Iterable[Row]) -> list[Pair]:
    """The loads that both sides have."""
    there = {row.measurement.load: row for row in after}
    return [Pair(row, there[row.measurement.load]) for row in before if row.measurement.load in there]


def config_leaves(config: Mapping[str, object]) -> dict[str, str]:
    """Dotted path -> value as text, for everything in a config."""
    return dict(_leaves(config))


def _leaves(data: object, prefix: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(data, dict) and (data or not prefix):
        for key, value in data.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, str(data)
