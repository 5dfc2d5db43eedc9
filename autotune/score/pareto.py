"""The Pareto frontier: points that no other point beats in every objective."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def frontier(rows: Sequence[Sequence[float]]) -> list[int]:
    """Indices, ascending, of the rows that no other row dominates. Every column is minimised.

    A row dominates another when it is nowhere worse and somewhere better, so equal rows keep each other and all stay.
    Rows with a NaN are never on the frontier and dominate nothing. n log n for one and two columns; for more,
    each row in lexicographic order is compared with the frontier found so far only.
    Raises ValueError for rows of different lengths or without columns.
    """
    if len({len(row) for row in rows}) > 1 or any(not row for row in rows):
        raise ValueError("rows of a frontier have the same number of columns, at least one")
    known = [(tuple(row), index) for index, row in enumerate(rows) if not any(math.isnan(value) for value in row)]
    if not known:
        return []
    # A row can only be dominated by one that sorts before it.
    known.sort()
    return sorted(_sweep(known) if len(rows[0]) <= 2 else _compare(known))


def _sweep(ordered: list[tuple[tuple[float, ...], int]]) -> list[int]:
    """One or two columns: the last column must fall below everything before it, or repeat the last point kept."""
    kept: list[int] = []
    last: tuple[float, ...] | None = None
    for row, index in ordered:
        if last is None or row == last or (len(row) == 2 and row[1] < last[1]):
            kept.append(index)
            last = row
    return kept


def _compare(ordered: list[tuple[tuple[float, ...], int]]) -> list[int]:
    kept: list[tuple[tuple[float, ...], int]] = []
    for row, index in ordered:
        if not any(_dominates(other, row) for other, _ in kept):
            kept.append((row, index))
    return [index for _, index in kept]


def _dominates(better: tuple[float, ...], worse: tuple[float, ...]) -> bool:
    return better != worse and all(left <= right for left, right in zip(better, worse, strict=True))
