"""Least squares with a penalty on each coefficient, for some dozens of coefficients and sparse rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Sums:
    """X'X (its lower half) and X'y over the rows added: all that least squares needs of them."""

    def __init__(self, size: int) -> None:
        self.square = [[0.0] * (index + 1) for index in range(size)]
        self.product = [0.0] * size

    def add(self, row: Sequence[tuple[int, float]], target: float, weight: float = 1.0) -> None:
        """One row, as (column, value) pairs, that counts `weight` times."""
        for one, value in row:
            scaled = value * weight
            self.product[one] += scaled * target
            line = self.square[one]
            for other, factor in row:
                if other <= one:
                    line[other] += scaled * factor

    def merge(self, other: Sums, sign: float = 1.0) -> None:
        """Take in the rows of `other`, or with sign -1 take them out."""
        for mine, theirs in zip([*self.square, self.product], [*other.square, other.product], strict=True):
            for index, value in enumerate(theirs):
                mine[index] += sign * value

    def minus(self, other: Sums) -> Sums:
        """The sums without the rows of `other`."""
        left = Sums(len(self.product))
        left.merge(self)
        left.merge(other, -1.0)
        return left


def solve(sums: Sums, penalties: Sequence[float]) -> list[float]:
    """Coefficients that minimise the squared error plus penalty * coefficient^2; every penalty above zero.

    Cholesky decomposition: the penalised matrix is symmetric and positive definite.
    """
    size = len(penalties)
    lower: list[list[float]] = []
    for index in range(size):
        row: list[float] = []
        for column in range(index):
            done = sum(map(float.__mul__, row, lower[column]))
            row.append((sums.square[index][column] - done) / lower[column][column])
        pivot = sums.square[index][index] + penalties[index] - sum(value * value for value in row)
        lower.append([*row, math.sqrt(max(pivot, 1e-12))])
    forward: list[float] = []
    for index in range(size):
        done = sum(map(float.__mul__, lower[index], forward))
        forward.append((sums.product[index] - done) / lower[index][index])
    found = [0.0] * size
    for index in reversed(range(size)):
        done = sum(lower[later][index] * found[later] for later in range(index + 1, size))
        found[index] = (forward[index] - done) / lower[index][index]
    return found
