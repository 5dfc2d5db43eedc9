"""bayesian: Optuna's multi-objective TPE over the list of points (Ozaki et al., 2022), for those who know and trust it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

from autotune.search.told import Told, objective_row

if TYPE_CHECKING:
    from autotune.search.space import Column, Space
    from autotune.search.strategy import Direction, Failure, Metrics

#: Random experiments before the first that TPE chooses. Optuna's 10 are as many as a whole search should take.
STARTUP = 5


class Bayesian:
    """Settings are categories in their order; what TPE suggests is moved to the nearest point that may still be asked for,
    because a list of points need not hold every combination.
    """

    def __init__(self, space: Space, objectives: Mapping[str, Direction], *, seed: int, limit: int | None) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=STARTUP, constant_liar=True, multivariate=False
        )
        self._optuna = optuna
        directions: list[Literal["maximize", "minimize"]] = [
            "maximize" if way == "max" else "minimize" for way in objectives.values()
        ]
        self._study = optuna.create_study(directions=directions, sampler=sampler)
        self._told = Told(space, objectives, limit)
        self._trials: dict[int, Any] = {}
        self._ranks = {column.name: _ranks(column) for column in space.columns}
        self._distributions: dict[str, Any] = {
            name: optuna.distributions.IntDistribution(0, max(ranks)) for name, ranks in self._ranks.items()
        }

    def ask(self, running: Collection[int] = ()) -> int | None:  # noqa: ARG002 - TPE knows no prices
        candidates = self._told.candidates()
        if self._told.used_up or not candidates:
            return None
        trial = self._study.ask(self._distributions)
        index = min(candidates, key=lambda candidate: (self._away(candidate, trial.params), candidate))
        self._trials[index] = trial
        return self._told.take(index)

    def tell(self, index: int, outcome: Metrics | Failure) -> None:
        """TPE learns the point that was measured, not the one that it suggested: a trial of its own holds it."""
        self._told.tell(index, outcome)
        self.drop(index)
        params = {name: ranks[index] for name, ranks in self._ranks.items()}
        if not isinstance(outcome, Mapping) or objective_row(outcome, self._told.objectives) is None:
            return
        self._study.add_trial(
            self._optuna.trial.create_trial(
                params=params,
                distributions=self._distributions,
                values=[float(outcome[metric]) for metric in self._told.objectives],
            )
        )

    def drop(self, index: int) -> None:
        self._told.drop(index)
        if (trial := self._trials.pop(index, None)) is not None:
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)

    def _away(self, index: int, suggested: Mapping[str, int]) -> float:
        return sum(abs(ranks[index] - suggested[name]) / max(1, *ranks) for name, ranks in self._ranks.items())


def _ranks(column: Column) -> list[int]:
    """The place of each point's value among the setting's values: by number, words after them as they first appear."""
    levels = dict(zip(column.values, column.levels, strict=True))
    ordered = sorted(levels, key=lambda value: math.inf if levels[value] is None else levels[value] or 0.0)
    places = {value: place for place, value in enumerate(ordered)}
    return [places[value] for value in column.values]
