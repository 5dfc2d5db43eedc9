"""The hypervolume: how much of the objectives' space a set of rows covers, the field's measure of a frontier's quality
(Zitzler and Thiele, 1998). Every column is minimised; a reference row bounds the space from above.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from autotune.score.pareto import frontier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Row = tuple[float, ...]


def hypervolume(rows: Sequence[Sequence[float]], reference: Sequence[float]) -> float:
    """The volume that is dominated by at least one row and that dominates the reference, in the product of the columns'
    units. Rows with a NaN, and rows that do not beat the reference in every column, cover nothing.

    One and two columns take n log n; more are sliced along the last column (Fonseca et al., 2006, without its
    bookkeeping), which is quick for the tens of rows that a frontier of experiments has. Raises ValueError for rows that
    are not as long as the reference.
    """
    if any(len(row) != len(reference) for row in rows):
        raise ValueError("every row has as many columns as the reference")
    inside = [tuple(row) for row in rows if all(value < bound for value, bound in zip(row, reference, strict=True))]
    return _volume(sorted(set(inside)), tuple(reference))


def worst_of(rows: Iterable[Sequence[float]]) -> Row:
    """The largest value of each column over the rows without NaN: the usual reference. () without such rows."""
    known = [row for row in rows if not any(math.isnan(value) for value in row)]
    return tuple(max(column) for column in zip(*known, strict=True))


def hypervolume_gain(row: Sequence[float], front: Sequence[Sequence[float]], reference: Sequence[float]) -> float:
    """How much the hypervolume of `front` grows with `row`: what `row` covers less what of that is covered already."""
    if not all(value < bound for value, bound in zip(row, reference, strict=True)):
        return 0.0
    own = math.prod(bound - value for value, bound in zip(row, reference, strict=True))
    shared = [tuple(map(max, row, other)) for other in front]
    return max(0.0, own - hypervolume(shared, reference))


class Staircase:
    """A frontier of two minimised columns below a reference, which answers quickly what one more row would add."""

    def __init__(self, rows: Sequence[Row], reference: Row) -> None:
        inside = sorted({row for row in rows if row[0] < reference[0] and row[1] < reference[1]})
        steps = [inside[index] for index in frontier(inside)]
        self._x = [row[0] for row in steps]
        self._y = [row[1] for row in steps]
        self._reference = reference

    def gain(self, x: float, y: float) -> float:
        """The area that (x, y) would add."""
        x_end, top = self._reference
        at = bisect_left(self._x, x)
        level = self._y[at - 1] if at else top
        area = 0.0
        while level > y:  # from x on, the uncovered height above y, step by step
            edge = self._x[at] if at < len(self._x) else x_end
            if edge > x:
                area += (min(edge, x_end) - x) * (level - y)
            if at >= len(self._x):
                break
            x, level, at = max(x, edge), self._y[at], at + 1
        return max(0.0, area)


def _volume(ordered: list[Row], reference: Row) -> float:
    """`ordered` lies inside the reference."""
    if not ordered:
        return 0.0
    if len(reference) == 1:
        return reference[0] - ordered[0][0]
    if len(reference) == 2:
        area, level = 0.0, reference[1]
        for x, y in ordered:
            if y < level:
                area += (reference[0] - x) * (level - y)
                level = y
        return area
    by_last = sorted(ordered, key=lambda row: row[-1])
    total = 0.0
    for place, row in enumerate(by_last):
        end = by_last[place + 1][-1] if place + 1 < len(by_last) else reference[-1]
        if end > row[-1]:
            below = [other[:-1] for other in by_last[: place + 1]]
            kept = sorted({below[index] for index in frontier(below)})
            total += (end - row[-1]) * _volume(kept, reference[:-1])
    return total
