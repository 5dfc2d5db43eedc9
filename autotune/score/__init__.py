"""What is better: objectives, SLOs, weights, constraints, the score and the Pareto frontier."""

from autotune.score.constraints import Constraint, compile_constraints, unmet_constraints
from autotune.score.goal import Goal, weights_of
from autotune.score.knee import knee
from autotune.score.objectives import OBJECTIVES, Objective, get_objectives, measured_gpus, objective_values
from autotune.score.pareto import frontier
from autotune.score.picks import PICKS, Candidate, PickName, Picks, choose_picks
from autotune.score.score import MAX_ERROR_RATE, Scored, score_for, score_measurement, score_measurements
from autotune.score.shortfall import Shortfall, find_shortfalls
from autotune.score.slo import SloVerdict, Violation, judge_slo, penalise
from autotune.score.weights import change_weights, normalise, percentages, rebalance

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
