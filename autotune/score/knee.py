"""The knee of a frontier: the row past which a little more of one objective costs a lot of another.

Das (1999), "On characterizing the 'knee' of the Pareto curve based on Normal-Boundary Intersection", Structural
Optimization 18: the frontier's point that lies farthest, towards the ideal, from the plane through the frontier's ends.
Two things are settled here that the paper leaves open:

- **Scale.** Each objective is taken by its logarithm, and from its best (0) to its worst (1) on the frontier. Units then
  change nothing, and neither does it whether a speed is said in ms a token or in tokens a second; a step counts by its
  ratio, as it does in the score.
- **Three and more objectives.** The ends of a frontier need not span a plane. The plane is the one through the points
  that are best in one objective and worst in all others, whose sum is k - 1 for k objectives; with two objectives those
  are the frontier's own ends, and the definition is the paper's.

So the knee is the row with the smallest sum of such coordinates, and there is one where that sum is below k - 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autotune.score.pareto import frontier

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Sums that differ by less are the same: logarithms of numbers in another unit differ in their last digits.
_TOLERANCE = 1e-9


def knee(rows: Sequence[Sequence[float]]) -> int | None:
    """The index of the knee among rows as `frontier` takes them: every column minimised, a maximised metric negated.

    None where the frontier has no knee: fewer than three different rows (what lies between two ends?), or none of them
    nearer to the ideal than the ends, as when each step costs as much as it brings. Rows with a zero are no candidates.
    Of several equally good the first. Raises ValueError as `frontier` does.
    """
    front = {index: row for index in frontier(rows) if (row := _logarithms(rows[index])) is not None}
    if len(set(front.values())) < 3:
        return None
    columns = [column for column in zip(*front.values(), strict=True) if max(column) - min(column) > _TOLERANCE]
    sums = [math.fsum(parts) for parts in zip(*map(_from_best_to_worst, columns), strict=True)]
    if not sums or min(sums) > len(columns) - 1 - _TOLERANCE:
        return None
    least = min(sums) + _TOLERANCE
    return next(index for index, value in zip(front, sums, strict=True) if value <= least)


def _logarithms(row: Sequence[float]) -> tuple[float, ...] | None:
    """The logarithm of each metric, still minimised; None where one is not a number above zero."""
    if any(value == 0 or math.isinf(value) for value in row):
        return None
    return tuple(math.log(value) if value > 0 else -math.log(-value) for value in row)


def _from_best_to_worst(column: Sequence[float]) -> list[float]:
    best, worst = min(column), max(column)
    return [(value - best) / (worst - best) for value in column]
