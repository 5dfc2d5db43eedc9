"""progressive_pareto, two_stage and hybrid: measure the point that is expected to add most to the frontier's hypervolume.

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
from autotune.search.metric_model import MetricModel
from autotune.search.told import Told

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
#: What a measurement on a server that is there costs, against one on a server of its own.
SHARED_PRICE = 0.8
_DRAWS = 48
_DRAWS_OF_MANY = 12
"""For three objectives or more, where a hypervolume costs more than a regression."""
_POOL = 400
"""Points that are looked at closely: those that do best in the first few draws."""
_FIRST_LOOK = 6
_SMALLEST = 1e-30

Row = tuple[float, ...]


class FrontierSearch:
    """See the module. `predictions` are metrics for every point, None where unknown; `first` are points, by index, that
    come before all others as long as one of them is expected to add something.
    """

    def __init__(
        self,
        space: Space,
        objectives: Mapping[str, Direction],
        *,
        seed: int,
        predictions: Sequence[Metrics | None] | None = None,
        first: Collection[int] | None = None,
        limit: int | None = None,
    ) -> None:
        self._first = first
        self._told = Told(space, objectives, limit)
        self._seed = seed
        self._designs: dict[str, list[Design]] = {metric: [design(space, metric)] for metric in objectives}
        if predictions is not None:
            for metric, designs in self._designs.items():
                designs.insert(0, design(space, metric, log_predictions(predictions, metric)))

    def ask(self, running: Collection[int] = ()) -> int | None:
        """The untried point with the largest expected gain for its price; None at the end, or while what is open decides."""
        told = self._told
        candidates = told.candidates()
        if told.used_up or not candidates or (told.limit is None and told.experiments >= MOST):
            return None
        first = [index for index in candidates if self._first is not None and index in self._first]
        gains = self._expected_gains(first) if first else {}
        if max(gains.values(), default=0.0) < SMALL_GAIN:
            gains = self._expected_gains(candidates)
        worthwhile = WORTHWHILE
        if told.rows() and max(gains.values()) < SMALL_GAIN:
            gains, worthwhile = self._expected_gains(candidates, logarithmic=True), WORTHWHILE_AT_THE_ENDS
        chances = told.chances(candidates)
        worth = {i: gains[i] * chances[i] / (SHARED_PRICE if told.shares_server(i, running) else 1.0) for i in gains}
        best = max(worth, key=lambda index: (worth[index], chances[index], -index))
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
            MetricModel(self._designs[metric], self._told.known(metric), way)
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
        self, models: list[MetricModel], measured: list[Row], candidates: list[int], draws: int, logarithmic: bool
    ) -> dict[int, float]:
        total = dict.fromkeys(candidates, 0.0)
        # Drawn anew from what is known, so that a choice depends on that alone: not on how often was asked, nor on a restart.
        known = f"{self._seed} {sorted(self._told.outcomes)} {sorted(self._told.open)} {len(candidates)} {logarithmic}"
        rng = Random(known)  # noqa: S311 - a search, not a secret
        for _ in range(draws):
            drawn = [model.draw(rng, [*candidates, *self._told.open]) for model in models]
            rows = list(zip(*drawn, strict=True))
            if logarithmic:
                rows = [_logarithms(row) for row in rows]
            for index, gain in zip(candidates, _gains(rows, len(candidates), measured), strict=True):
                total[index] += gain / draws
        return total


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
