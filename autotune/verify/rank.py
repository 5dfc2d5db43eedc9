"""Rank correlation of two columns, ties handled: how well one orders what the other orders. 1 is the same order, -1 the reverse."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rho: Pearson's correlation of the ranks, tied values sharing the mean of their ranks (Spearman, 1904).

    NaN for fewer than two pairs and where a column is constant. Raises ValueError for columns of different lengths.
    """
    if len(one) != len(other):
        raise ValueError("both columns have the same length")
    if len(one) < 2:
        return math.nan
    left, right = ranks(one), ranks(other)
    middle = (len(one) + 1) / 2
    across = math.fsum((x - middle) * (y - middle) for x, y in zip(left, right, strict=True))
    spread = math.fsum((x - middle) ** 2 for x in left) * math.fsum((y - middle) ** 2 for y in right)
    return across / math.sqrt(spread) if spread else math.nan


def kendall(one: Sequence[float], other: Sequence[float]) -> float:
    """Kendall's tau-b: (concordant - discordant) / sqrt((pairs - ties of one) (pairs - ties of the other)) (Kendall, 1945).

    Discordant pairs are the inversions left after sorting by the first column (Knight, JASA 61(314), 1966), so n log n.
    NaN and ValueError as for `spearman`.
    """
    if len(one) != len(other):
        raise ValueError("both columns have the same length")
    ordered = sorted(zip(one, other, strict=True))
    total = _pairs(len(ordered))
    tied_one, tied_other = _tied(one), _tied(other)
    if total in (tied_one, tied_other):
        return math.nan
    discordant = _inversions([y for _, y in ordered])
    untied = total - tied_one - tied_other + _tied(ordered)
    return (untied - 2 * discordant) / math.sqrt((total - tied_one) * (total - tied_other))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 1; equal values share the mean of the ranks that they take."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            found[place] = (start + 1 + end) / 2
        start = end
    return found


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _tied(values: Iterable[object]) -> int:
    return sum(_pairs(count) for count in Counter(values).values())


def _inversions(values: list[float]) -> int:
    """How many pairs stand the wrong way round, by merge sort; sorts the list."""
    if len(values) < 2:
        return 0
    middle = len(values) // 2
    left, right = values[:middle], values[middle:]
    found = _inversions(left) + _inversions(right)
    at = taken = 0
    for place in range(len(values)):
        if taken == len(right) or (at < len(left) and left[at] <= right[taken]):
            values[place] = left[at]
            at += 1
        else:
            values[place] = right[taken]
            taken += 1
            found += len(left) - at
    return found
