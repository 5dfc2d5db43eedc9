"""two_stage: predict every point, then measure the predicted frontier and its neighbours, the most promising first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autotune.score.hypervolume import hypervolume, hypervolume_gain, worst_of
from autotune.score.pareto import frontier
from autotune.search.told import minimised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.search.space import Space
    from autotune.search.strategy import Direction, Metrics

Row = tuple[float, ...]


def predicted_order(
    space: Space, predictions: Sequence[Metrics | None], objectives: Mapping[str, Direction]
) -> list[int]:
    """The predicted frontier, each next point the one that adds most to the predicted hypervolume; then the points that are
    predicted to do as well, and the frontier's neighbours, by how near they come to it; then the others by the same. Points
    without a prediction come last, as they were given.
    """
    rows = {index: row for index, item in enumerate(predictions) if (row := _row(item, objectives)) is not None}
    indices = list(rows)
    front = {indices[place] for place in frontier([rows[index] for index in indices])}
    near = {other for index in front for other in space.neighbours(index) if other in rows}
    reference = worst_of(rows.values())
    first = _by_gain(front, rows, reference)
    second = _by_share((front | near) - set(first), rows, front, reference)
    third = _by_share(rows.keys() - {*first, *second}, rows, front, reference)
    return [*first, *second, *third, *(index for index in range(space.size) if index not in rows)]


def _by_gain(left: set[int], rows: Mapping[int, Row], reference: Row) -> list[int]:
    """Greedy in the hypervolume that each adds to those before it, as far as they add any."""
    order: list[int] = []
    left = set(left)
    while left:
        taken = [rows[index] for index in order]
        gains = {index: hypervolume_gain(rows[index], taken, reference) for index in left}
        best = max(left, key=lambda index: (gains[index], -index))
        if gains[best] <= 0:
            break
        order.append(best)
        left.remove(best)
    return order


def _by_share(left: set[int], rows: Mapping[int, Row], front: set[int], reference: Row) -> list[int]:
    """By how near each one comes to the frontier: the share of the frontier's hypervolume, were the frontier's nearest
    points not there, that it would hold.
    """
    whole = hypervolume([rows[index] for index in front], reference) or 1.0

    def share(index: int) -> float:
        kept = [rows[other] for other in front if not _dominates(rows[other], rows[index])]
        return hypervolume_gain(rows[index], kept, reference) / whole

    return sorted(left, key=lambda index: (-share(index), index))


def _dominates(better: Row, worse: Row) -> bool:
    return all(left <= right for left, right in zip(better, worse, strict=True))


def _row(item: Metrics | None, objectives: Mapping[str, Direction]) -> Row | None:
    if item is None:
        return None
    values = [item.get(metric, math.nan) for metric in objectives]
    if not all(math.isfinite(value) for value in values):
        return None
    return tuple(minimised(value, way) for value, way in zip(values, objectives.values(), strict=True))
