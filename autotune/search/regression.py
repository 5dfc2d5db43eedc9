"""Bayesian linear regression (Bishop, 2006, section 3.3) in plain Python: the tens of features and of experiments that a
search has need no numpy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from autotune.search.features import Design, Features


class Regression:
    """What is believed of the coefficients of a `Design`, after some observations with independent noise of one sd. `doubt`
    multiplies the standard deviations of all coefficients.
    """

    def __init__(self, design: Design, noise_sd: float, doubt: float = 1.0) -> None:
        self._design = design
        self._noise = noise_sd**2
        #: Logarithm of the probability density of everything observed, by this noise and what was believed before it.
        self.evidence = 0.0
        self._mean = [belief.mean for belief in design.beliefs]
        size = len(self._mean)
        self._covariance = [[0.0] * size for _ in range(size)]
        for place, belief in enumerate(design.beliefs):
            self._covariance[place][place] = (belief.sd * doubt) ** 2

    def observe(self, index: int, value: float) -> None:
        """One observation of a point's value: a rank-one update of mean and covariance."""
        row = self._design.rows[index]
        size = range(len(self._mean))
        against = [sum(line[k] * x for k, x in row.items()) for line in self._covariance]
        variance = sum(x * against[k] for k, x in row.items()) + self._noise
        surprise = (value - dot(row, self._mean)) / variance
        self.evidence -= (math.log(2 * math.pi * variance) + surprise**2 * variance) / 2
        for i in size:
            if weight := against[i]:
                self._mean[i] += weight * surprise
                line = self._covariance[i]
                share = weight / variance
                for j in size:
                    line[j] -= share * against[j]

    def fix_level(self) -> None:
        """Take the level of the metric, which nothing is known of before the first observation, as known."""
        for place in range(len(self._mean)):
            self._covariance[0][place] = self._covariance[place][0] = 0.0

    def mean(self, index: int) -> float:
        return dot(self._design.rows[index], self._mean)

    def draw(self, rng: Random) -> list[float]:
        """Coefficients that may be the true ones, drawn from what is believed."""
        size = len(self._mean)
        if not hasattr(self, "_root"):
            self._root = cholesky(self._covariance)
        normal = [rng.gauss(0.0, 1.0) for _ in range(size)]
        return [self._mean[i] + sum(a * b for a, b in zip(self._root[i], normal, strict=False)) for i in range(size)]


def dot(row: Features, coefficients: Sequence[float]) -> float:
    return sum(x * coefficients[k] for k, x in row.items())


def cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """The lower root L of a positive semidefinite matrix, L L' = matrix, as rows up to the diagonal. Directions without
    variance, which rounding may make slightly negative, get zeros.
    """
    root: list[list[float]] = []
    for i, line in enumerate(matrix):
        row: list[float] = []
        for j in range(i):
            above = root[j]
            rest = line[j] - sum(a * b for a, b in zip(row, above, strict=False))
            row.append(rest / above[j] if above[j] > 0 else 0.0)
        row.append(math.sqrt(max(0.0, line[i] - sum(a * a for a in row))))
        root.append(row)
    return root
