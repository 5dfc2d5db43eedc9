"""progressive_pareto and hybrid: measure the point that is expected to add most to the frontier's hypervolume.

After each experiment a Bayesian linear regression of every objective's logarithm says which values the untried points may
have; draws from it say how much each of them may add to the hypervolume (expected hypervolume improvement: Emmerich, 2005;
by draws and with open points fantasised: Daulton et al., 2020). What makes it quick is the prior (`roles`): the strategy
knows which way throughput and latency go with load and parallelism before anything was measured, and hybrid starts from a
prediction of every point instead.
"""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

from autotune.score.hypervolume import Staircase, hypervolume, hypervolume_gain, worst_of
from autotune.score.pareto import frontier
from autotune.search.features import design, log_predictions
from autotune.search.regression import Regression, dot
from autotune.search.told import Told, minimised

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from autotune.search.features import Design
    from autotune.search.space import Space
    from autotune.search.strategy import Direction, Failure, Metrics

#: Without a limit: at least and at most so many experiments, and the share of the hypervolume that is worth another.
LEAST, MOST = 12, 17
WORTHWHILE = 0.004
#: Below this gain the ends of the frontier are filled: there the same step in a small latency or throughput, worth little
#: by area, is worth as much as anywhere on logarithmic axes.
SMALL_GAIN = 0.01
WORTHWHILE_AT_THE_ENDS = 0.01
#: Worlds that the measurements choose from by their likelihood: the standard deviation of what the regression cannot explain,
#: as a share of a metric, and how many times more than believed the coefficients may differ; each with the log-likelihood
#: that it has to be better by than the first, which is that of the landscapes of benchmarks/search.py.
WORLDS = {(0.10, 1.0): 0.0, (0.06, 1.0): 0.5, (0.16, 1.0): 0.5, (0.03, 1.0): 1.0, (0.10, 3.0): 2.0, (0.03, 3.0): 2.5}
#: What a measurement on a server that is there costs, against one on a server of its own.
SHARED_PRICE = 0.8
_DRAWS = 48
_DRAWS_OF_MANY = 12
"""For three objectives or more, where a hypervolume costs more than a regression."""
_POOL = 400
"""Points that are looked at closely: those that do best in the first few draws."""
_FIRST_LOOK = 6
_SMALLEST = 1e-30
_LARGEST = 60.0
"""Bound of a logarithm, against overflow where nothing is known yet."""

Row = tuple[float, ...]


class FrontierSearch:
    """See the module. `predictions` are metrics for every point, None where unknown."""

    def __init__(
        self,
        space: Space,
        objectives: Mapping[str, Direction],
        *,
        seed: int,
        predictions: Sequence[Metrics | None] | None = None,
        limit: int | None = None,
    ) -> None:
        self._told = Told(space, objectives, limit)
        self._rng = Random(seed)  # noqa: S311 - a search, not a secret
        self._designs: dict[str, Design] = {}
        for metric in objectives:
            predicted = None if predictions is None else log_predictions(predictions, metric)
            self._designs[metric] = design(space, metric, predicted)
        #: The share of the hypervolume that the point asked for last was expected to add.
        self.expected_gain = math.inf

    def ask(self, running: Collection[int] = ()) -> int | None:
        """The untried point with the largest expected gain for its price; None at the end, or while what is open decides."""
        told = self._told
        candidates = told.candidates()
        if told.used_up or not candidates or (told.limit is None and told.experiments >= MOST):
            return None
        gains = self._expected_gains(candidates)
        worthwhile = WORTHWHILE
        if told.rows() and max(gains.values()) < SMALL_GAIN:
            gains, worthwhile = self._expected_gains(candidates, logarithmic=True), WORTHWHILE_AT_THE_ENDS
        chances = told.chances(candidates)
        worth = {i: gains[i] * chances[i] / (SHARED_PRICE if told.shares_server(i, running) else 1.0) for i in gains}
        best = max(worth, key=lambda index: (worth[index], chances[index], -index))
        self.expected_gain = gains[best]
        if told.limit is None and told.experiments >= LEAST and gains[best] < worthwhile and told.rows():
            return None
        return told.take(best)

    def tell(self, index: int, outcome: Metrics | Failure) -> None:
        self._told.tell(index, outcome)

    def drop(self, index: int) -> None:
        self._told.drop(index)

    def _expected_gains(self, candidates: list[int], *, logarithmic: bool = False) -> dict[int, float]:
        """For each candidate the mean over draws of the share of the hypervolume that it adds."""
        models = [
            _Model(self._designs[metric], self._told.known(metric), way)
            for metric, way in self._told.objectives.items()
        ]
        measured = list(self._told.rows().values())
        if logarithmic:
            measured = [_logarithms(row) for row in measured]
        draws = _DRAWS if len(models) <= 2 else _DRAWS_OF_MANY
        if len(candidates) > _POOL:
            first = self._mean_gains(models, measured, candidates, _FIRST_LOOK, logarithmic)
            candidates = sorted(sorted(candidates, key=lambda index: -first[index])[:_POOL])
        return self._mean_gains(models, measured, candidates, draws, logarithmic)

    def _mean_gains(
        self, models: list[_Model], measured: list[Row], candidates: list[int], draws: int, logarithmic: bool
    ) -> dict[int, float]:
        total = dict.fromkeys(candidates, 0.0)
        for _ in range(draws):
            drawn = [model.draw(self._rng, [*candidates, *self._told.open]) for model in models]
            rows = list(zip(*drawn, strict=True))
            if logarithmic:
                rows = [_logarithms(row) for row in rows]
            for index, gain in zip(candidates, _gains(rows, len(candidates), measured), strict=True):
                total[index] += gain / draws
        return total


class _Model:
    """One objective's regression after what was told."""

    def __init__(self, made: Design, known: dict[int, float], direction: Direction) -> None:
        self._design = made
        self._direction = direction
        self._log = all(value > 0 for value in known.values())
        self._scale = max((abs(value) for value in known.values()), default=1.0) or 1.0
        targets = {index: self._forward(value) for index, value in known.items()}
        self._level = 0.0
        self._regression = Regression(made, *next(iter(WORLDS)))
        if not targets:
            self._regression.fix_level()
            return
        self._level = sum(y - self._regression.mean(index) for index, y in targets.items()) / len(targets)
        tried = []
        for (noise_sd, doubt), handicap in WORLDS.items():
            regression = Regression(made, noise_sd, doubt)
            for index, y in targets.items():
                regression.observe(index, y - self._level)
            tried.append((regression.evidence - handicap, regression))
        self._regression = max(tried, key=lambda item: item[0])[1]

    def draw(self, rng: Random, indices: Sequence[int]) -> list[float]:
        """Values, minimised, that these points may have."""
        coefficients = self._regression.draw(rng)
        return [
            minimised(self._back(self._level + dot(self._design.rows[index], coefficients)), self._direction)
            for index in indices
        ]

    def _forward(self, value: float) -> float:
        return math.log(value) if self._log else value / self._scale

    def _back(self, y: float) -> float:
        return math.exp(max(-_LARGEST, min(_LARGEST, y))) if self._log else y * self._scale


def _logarithms(row: Row) -> Row:
    """A row on logarithmic axes, still minimised: a maximised metric stays negative."""
    return tuple(math.copysign(1.0, value) * math.log(max(abs(value), _SMALLEST)) for value in row)


def _gains(rows: list[Row], candidates: int, measured: list[Row]) -> list[float]:
    """What each of the first rows adds to the frontier of what was measured and the other rows (the open points), as a
    share of the hypervolume of all.
    """
    everything = [*rows, *measured]
    reference = worst_of(everything)
    front = [*measured, *rows[candidates:]]
    if len(reference) == 1:
        best = min((row[0] for row in front), default=reference[0])
        whole = reference[0] - min(row[0] for row in everything)
        return [max(0.0, best - row[0]) / whole if whole > 0 else 0.0 for row in rows[:candidates]]
    whole = hypervolume(everything, reference)
    if whole <= 0:
        return [0.0] * candidates
    if len(reference) == 2:
        stairs = Staircase(front, reference)
        return [stairs.gain(row[0], row[1]) / whole for row in rows[:candidates]]
    kept = [front[index] for index in frontier(front)]
    return [hypervolume_gain(row, kept, reference) / whole for row in rows[:candidates]]
