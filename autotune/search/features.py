"""What a metric may depend on, as features of each point, with what is believed of their coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.search.roles import BOUNDS, Belief, crossing, curve, metric_role, per_replica, slope
from autotune.search.space import bits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.search.space import Column, Space
    from autotune.search.strategy import Metrics

#: Features of one point that are not zero: feature -> value.
Features = dict[int, float]

_INTERCEPT = Belief(0.0, 2.0)
_WORD = Belief(0.0, 0.15)
"""A word (an engine, a kernel) against the mean of all words of its setting."""
_BEND = Belief(0.0, 0.08)
"""One value of a number against the line through all values."""
_BEND_OF_A_BOUND = Belief(0.0, 0.02)
_MANY_VALUES = 8
_PREDICTED = Belief(1.0, 0.3)
"""How the logarithm of the measured metric follows the predicted one."""
_TRUST = 0.6
_TRUST_OF_A_BOUND = 0.25
"""What is left of the standard deviation of numbers' coefficients where there is a prediction. Words keep theirs: engines
and formats are where predictors err most."""


@dataclass(frozen=True, slots=True)
class Design:
    """Linear features of every point for one metric. Feature 0 is the intercept; `offsets` are added to the sum."""

    rows: tuple[Features, ...]
    beliefs: tuple[Belief, ...]


def design(space: Space, metric: str, predicted: Sequence[float | None] | None = None) -> Design:
    """The features of a metric's logarithm: doublings of numbers, their curvature and crossings with the load, a step for
    each word, and the prediction where there is one (natural logarithm of it, None where unknown).
    """
    role = metric_role(metric)
    made = _Maker(space.size)
    made.add([1.0] * space.size, _INTERCEPT)
    guided = predicted is not None and any(value is not None for value in predicted)
    trust = _TRUST if guided else 1.0
    if guided:
        assert predicted is not None
        known = [value for value in predicted if value is not None]
        mean = sum(known) / len(known)
        made.add([0.0 if value is None else value - mean for value in predicted], _PREDICTED)
    loads = [column for column in space.columns if column.role == "load" and column.is_number]
    spread = any(not per_replica(column.name) for column in loads)
    doublings = {column.name: _centred(column) for column in space.columns if column.is_number}
    for column in space.columns:
        if column.is_number:
            belief = slope(role, column.role, spread_load=spread)
            own = _TRUST_OF_A_BOUND if guided and column.role in BOUNDS else trust
            made.add(doublings[column.name], _after(belief, own, guided))
            if len(set(column.values)) <= _MANY_VALUES and column.role != "load":
                bend = _BEND_OF_A_BOUND if column.role in BOUNDS else _BEND
                made.add_words(column, Belief(0.0, bend.sd * own))
        else:
            made.add_words(column, _WORD)
            if (widths := _widths(column)) is not None:
                made.add(widths, _after(slope(role, "bits"), trust, guided))
    for load in loads:
        made.add([x * x for x in doublings[load.name]], _after(curve(role), trust, guided))
        for column in space.columns:
            if column.is_number and column.role in ("tp", "dp", "pp", "ep", "replicas"):
                crossed = [x * y for x, y in zip(doublings[load.name], doublings[column.name], strict=True)]
                made.add(crossed, _after(crossing(role), trust, guided))
    return Design(tuple(made.rows), tuple(made.beliefs))


def log_predictions(predictions: Sequence[Metrics | None], metric: str) -> list[float | None]:
    """Natural logarithms of a predicted metric; None where it is missing or not positive."""
    found = [None if item is None else item.get(metric) for item in predictions]
    return [math.log(value) if value is not None and value > 0 and math.isfinite(value) else None for value in found]


class _Maker:
    def __init__(self, size: int) -> None:
        self.rows: list[Features] = [{} for _ in range(size)]
        self.beliefs: list[Belief] = []

    def add(self, values: Sequence[float], belief: Belief) -> None:
        for row, value in zip(self.rows, values, strict=True):
            if value:
                row[len(self.beliefs)] = value
        self.beliefs.append(belief)

    def add_words(self, column: Column, belief: Belief) -> None:
        for word in dict.fromkeys(column.values):
            self.add([float(value == word) for value in column.values], belief)


def _after(belief: Belief, trust: float, guided: bool) -> Belief:
    """A prediction already holds what is believed of a setting, so what is left is a correction around zero."""
    return Belief(0.0 if guided else belief.mean, belief.sd * trust)


def _centred(column: Column) -> list[float]:
    known = [level for level in column.levels if level is not None]
    middle = sum(known) / len(known)
    return [0.0 if level is None else level - middle for level in column.levels]


def _widths(column: Column) -> list[float] | None:
    """Doublings of the number format's width, where every word but one names a format."""
    found = [bits_of(value) for value in column.values]
    distinct = {value for value in found if value is not None}
    if len(distinct) < 2:
        return None
    return [0.0 if bits is None else math.log2(bits / 8) for bits in found]
