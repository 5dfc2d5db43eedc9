"""What one metric of the untried points may be, after what was measured of the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from autotune.search.regression import Regression, dot
from autotune.search.told import minimised

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from autotune.search.features import Design
    from autotune.search.strategy import Direction

#: Worlds that the measurements choose from by their likelihood: the standard deviation of what the regression cannot explain,
#: as a share of a metric, and how many times more than believed the coefficients may differ; each with the log-likelihood
#: that it has to be better by than the first, which is that of the landscapes of benchmarks/search.py.
WORLDS = {(0.10, 1.0): 0.0, (0.06, 1.0): 0.5, (0.16, 1.0): 0.5, (0.03, 1.0): 1.0, (0.10, 3.0): 2.0, (0.03, 3.0): 2.5}
#: The same for each further design.
LATER_DESIGN = 1.0
#: Share of the draws that each design gets, however unlikely: a predictor that is right about what it proposes says nothing
#: of what it never does.
LEAST_HEARD = 0.1
_LARGEST = 60.0
"""Bound of a logarithm, against overflow where nothing is known yet."""


class _World(NamedTuple):
    design: Design
    regression: Regression
    level: float


class MetricModel:
    """Draws of one metric. `designs` are ways in which it may depend on the settings, the most trusted first; `known` are
    its values where it was measured. Positive values are taken by their logarithm, others as they are.

    Which design, noise and doubt hold is not decided but drawn too, each as often as its likelihood says (Bayesian model
    averaging: Hoeting et al., 1999).
    """

    def __init__(self, designs: Sequence[Design], known: dict[int, float], direction: Direction) -> None:
        self._direction = direction
        self._log = all(value > 0 for value in known.values())
        self._scale = max((abs(value) for value in known.values()), default=1.0) or 1.0
        targets = {index: self._forward(value) for index, value in known.items()}
        if not targets:
            regression = Regression(designs[0], *next(iter(WORLDS)))
            regression.fix_level()
            self._worlds, self._weights = [_World(designs[0], regression, 0.0)], [1.0]
            return
        handicaps = []
        self._worlds = []
        for place, made in enumerate(designs):
            for (noise_sd, doubt), handicap in WORLDS.items():
                self._worlds.append(_observed(made, targets, noise_sd, doubt))
                handicaps.append(handicap + LATER_DESIGN * place)
        logs = [world.regression.evidence - handicap for world, handicap in zip(self._worlds, handicaps, strict=True)]
        weights = [math.exp(value - max(logs)) for value in logs]
        self._weights = [weight for share in _shares(weights, len(WORLDS)) for weight in share]

    def draw(self, rng: Random, indices: Sequence[int]) -> list[float]:
        """Values, minimised, that these points may have."""
        (world,) = rng.choices(self._worlds, self._weights)
        coefficients = world.regression.draw(rng)
        rows = world.design.rows
        return [minimised(self._back(world.level + dot(rows[i], coefficients)), self._direction) for i in indices]

    def _forward(self, value: float) -> float:
        return math.log(value) if self._log else value / self._scale

    def _back(self, y: float) -> float:
        return math.exp(max(-_LARGEST, min(_LARGEST, y))) if self._log else y * self._scale


def _shares(weights: Sequence[float], worlds: int) -> list[list[float]]:
    """The weights by design, each design with at least LEAST_HEARD of all."""
    designs = [list(weights[start : start + worlds]) for start in range(0, len(weights), worlds)]
    total = sum(weights)
    found = []
    for share in designs:
        own = sum(share)
        found.append([weight * max(own / total, LEAST_HEARD) / own for weight in share] if own else share)
    return found


def _observed(made: Design, targets: dict[int, float], noise_sd: float, doubt: float) -> _World:
    regression = Regression(made, noise_sd, doubt)
    level = sum(y - regression.mean(index) for index, y in targets.items()) / len(targets)
    for index, y in targets.items():
        regression.observe(index, y - level)
    return _World(made, regression, level)
