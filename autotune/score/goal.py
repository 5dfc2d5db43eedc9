"""What a point is judged by: objectives, their weights, SLOs and constraints, made ready once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.score.constraints import Constraint, compile_constraints
from autotune.score.objectives import Objective, get_objectives
from autotune.score.weights import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.schema import Optimization, Slo


@dataclass(frozen=True, slots=True)
class Goal:
    """`weights` has every objective by name and sums to 1."""

    objectives: tuple[Objective, ...]
    weights: Mapping[str, float]
    slo: Slo
    constraints: tuple[Constraint, ...] = ()

    @classmethod
    def of(cls, optimization: Optimization, slo: Slo) -> Goal:
        """The goal that two groups of a config state.

        Raises InputError for an unknown objective (AT003) or a constraint that is wrong (AT008).
        """
        objectives = get_objectives(optimization.objectives)
        constraints = compile_constraints(optimization.constraints)
        return cls(objectives, weights_of([item.name for item in objectives], optimization.weights), slo, constraints)


def weights_of(names: list[str], given: Mapping[str, float]) -> dict[str, float]:
    """The weight of each objective, summing to 1. One that is given none counts as the average of those that are."""
    own = [given[name] for name in names if name in given]
    usual = math.fsum(own) / len(own) if own else 1.0
    return normalise({name: given.get(name, usual) for name in names})
