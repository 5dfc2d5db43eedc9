"""What is better: objectives, SLOs, weights, constraints, the score and the Pareto frontier."""

from autotune.score.constraints import Constraint, compile_constraints, unmet_constraints
from autotune.score.objectives import OBJECTIVES, Objective, get_objectives, measured_gpus, objective_values
from autotune.score.pareto import frontier
from autotune.score.score import MAX_ERROR_RATE, Scored, score_measurement, score_measurements
from autotune.score.slo import SloVerdict, Violation, judge_slo, penalise
from autotune.score.weights import normalise, rebalance

__all__ = [
    "MAX_ERROR_RATE",
    "OBJECTIVES",
    "Constraint",
    "Objective",
    "Scored",
    "SloVerdict",
    "Violation",
    "compile_constraints",
    "frontier",
    "get_objectives",
    "judge_slo",
    "measured_gpus",
    "normalise",
    "objective_values",
    "penalise",
    "rebalance",
    "score_measurement",
    "score_measurements",
    "unmet_constraints",
]
