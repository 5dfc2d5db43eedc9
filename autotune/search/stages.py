"""The first stage of two_stage: which points are worth a measurement by what is predicted of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.score.pareto import frontier
from autotune.search.told import objective_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.search.space import Space
    from autotune.search.strategy import Direction, Metrics

#: How much better than predicted a point may be, in every objective: about the error of predictions that are not calibrated
#: (docs/predicting.md).
MARGIN = 0.25

Row = tuple[float, ...]


def promising(
    space: Space, predictions: Sequence[Metrics | None], objectives: Mapping[str, Direction]
) -> frozenset[int]:
    """The predicted frontier, what would be on it were it better than predicted by MARGIN, and the frontier's neighbours in
    the space; and the points without a prediction, against which nothing is known.
    """
    rows = {
        index: row
        for index, item in enumerate(predictions)
        if item is not None and (row := objective_row(item, objectives)) is not None
    }
    indices = list(rows)
    front = {indices[place] for place in frontier([rows[index] for index in indices])}
    near = {other for index in front for other in space.neighbours(index)}
    ahead = [rows[index] for index in front]
    close = {index for index in indices if not any(_beats(row, _better(rows[index])) for row in ahead)}
    return frozenset({*front, *near, *close, *(index for index in range(space.size) if index not in rows)})


def _better(row: Row) -> Row:
    return tuple(value - MARGIN * abs(value) for value in row)


def _beats(left: Row, right: Row) -> bool:
    return all(a <= b for a, b in zip(left, right, strict=True)) and left != right
