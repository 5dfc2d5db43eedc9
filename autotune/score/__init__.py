"""What is better: objectives, SLOs, weights, constraints, the score and the Pareto frontier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.lazy import lazy_names

# Named as its module is: importing that module would put the module in the function's place.
from autotune.score.knee import knee

if TYPE_CHECKING:
    from autotune.score.constraints import Constraint, compile_constraints, unmet_constraints
    from autotune.score.goal import Goal, weights_of
    from autotune.score.objectives import OBJECTIVES, Objective, get_objectives, measured_gpus, objective_values
    from autotune.score.pareto import frontier
    from autotune.score.picks import PICKS, Candidate, PickName, Picks, choose_picks
    from autotune.score.score import MAX_ERROR_RATE, Scored, score_for, score_measurement, score_measurements
    from autotune.score.shortfall import Shortfall, find_shortfalls
    from autotune.score.slo import SloVerdict, Violation, judge_slo, penalise
    from autotune.score.weights import change_weights, normalise, percentages, rebalance

_HOMES = {
    "Candidate": "autotune.score.picks",
    "Constraint": "autotune.score.constraints",
    "Goal": "autotune.score.goal",
    "MAX_ERROR_RATE": "autotune.score.score",
    "OBJECTIVES": "autotune.score.objectives",
    "Objective": "autotune.score.objectives",
    "PICKS": "autotune.score.picks",
    "PickName": "autotune.score.picks",
    "Picks": "autotune.score.picks",
    "Scored": "autotune.score.score",
    "Shortfall": "autotune.score.shortfall",
    "SloVerdict": "autotune.score.slo",
    "Violation": "autotune.score.slo",
    "change_weights": "autotune.score.weights",
    "choose_picks": "autotune.score.picks",
    "compile_constraints": "autotune.score.constraints",
    "find_shortfalls": "autotune.score.shortfall",
    "frontier": "autotune.score.pareto",
    "get_objectives": "autotune.score.objectives",
    "judge_slo": "autotune.score.slo",
    "measured_gpus": "autotune.score.objectives",
    "normalise": "autotune.score.weights",
    "objective_values": "autotune.score.objectives",
    "penalise": "autotune.score.slo",
    "percentages": "autotune.score.weights",
    "rebalance": "autotune.score.weights",
    "score_for": "autotune.score.score",
    "score_measurement": "autotune.score.score",
    "score_measurements": "autotune.score.score",
    "unmet_constraints": "autotune.score.constraints",
    "weights_of": "autotune.score.goal",
}

__all__ = [
    "MAX_ERROR_RATE",
    "OBJECTIVES",
    "PICKS",
    "Candidate",
    "Constraint",
    "Goal",
    "Objective",
    "PickName",
    "Picks",
    "Scored",
    "Shortfall",
    "SloVerdict",
    "Violation",
    "change_weights",
    "choose_picks",
    "compile_constraints",
    "find_shortfalls",
    "frontier",
    "get_objectives",
    "judge_slo",
    "knee",
    "measured_gpus",
    "normalise",
    "objective_values",
    "penalise",
    "percentages",
    "rebalance",
    "score_for",
    "score_measurement",
    "score_measurements",
    "unmet_constraints",
    "weights_of",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
