"""The score of a point: one number, lower being better, that ranks what was measured on it.

With one objective the score is that objective's value (a maximised one negated). With several it is their weighted
geometric mean,

    score = exp(sum of weight_i * ln(metric_i)),   a maximised metric entering as its reciprocal,

because a sum of milliseconds and tokens per second depends on the units: a product does not. Measuring in seconds
instead of milliseconds multiplies every score by one constant and changes no order, and a weight means "1 % here is
worth as much as (w_i / w_j) % there". The Pareto frontier, not this score, is what decides between points; the score
ranks them in a table, picks the load that stands for a point, and carries the SLO penalty.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.score.constraints import unmet_constraints
from autotune.score.goal import Goal
from autotune.score.slo import SloVerdict, judge_slo, penalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.metrics import Measurement
    from autotune.schema import Config

#: Share of failed requests past which the others say nothing about the server: its latencies are those of a lighter load.
MAX_ERROR_RATE = 0.05


@dataclass(frozen=True, slots=True)
class Scored:
    """How one measurement stands: `score` (lower is better; NaN where an objective was not measured), the SLO verdict,
    and why it is out, if it is (`disqualified` is empty for one that may win).
    """

    score: float
    slo: SloVerdict
    disqualified: tuple[str, ...]

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """Sort key: what may win first, then what has a score, then the lower score."""
        unknown = math.isnan(self.score)
        return bool(self.disqualified), unknown, sys.float_info.max if unknown else self.score


def score_measurement(measurement: Measurement, config: Config) -> Scored:
    """Score one measurement under its point's objectives, weights, SLOs and constraints.

    Raises InputError for an unknown objective (AT003) or a constraint that is wrong (AT008).
    """
    return score_for(measurement, Goal.of(config.optimization, config.slo))


def score_measurements(measurements: Sequence[Measurement], config: Config) -> tuple[int | None, float | None]:
    """The index of the measurement that stands for its point, and its score (lower is better).

    A measurement that is out (hard SLO failure, unmet constraint, too many errors, objective not measured) loses to any
    that is not; when all are out the least bad one is named and the score is None. Ties go to the first.
    (None, None) without measurements. Raises InputError as `score_measurement`.
    """
    if not measurements:
        return None, None
    goal = Goal.of(config.optimization, config.slo)
    scored = [score_for(item, goal) for item in measurements]
    best = min(range(len(scored)), key=lambda index: (scored[index].rank, index))
    return best, None if scored[best].disqualified else scored[best].score


def score_for(measurement: Measurement, goal: Goal, gpus: int | None = None) -> Scored:
    """Score one measurement; `gpus` is the size of the server, None takes it from the measurement."""
    verdict = judge_slo(measurement, goal.slo)
    base = _combine(measurement, goal, gpus)
    reasons = [str(item) for item in verdict.violations if item.hard]
    reasons += unmet_constraints(measurement, goal.constraints)
    if not measurement.error_rate <= MAX_ERROR_RATE:
        reasons.append(f"{measurement.error_rate:.0%} of the requests failed; at most {MAX_ERROR_RATE:.0%} may")
    if math.isnan(base):
        reasons.append("an objective was not measured, or is not positive")
    return Scored(penalise(base, verdict.factor), verdict, tuple(reasons))


def _combine(measurement: Measurement, goal: Goal, gpus: int | None) -> float:
    if len(goal.objectives) == 1:
        return goal.objectives[0].value(measurement, gpus)
    total = 0.0
    for item in goal.objectives:
        metric = item.metric(measurement, gpus)
        if not metric > 0 or math.isinf(metric):
            return math.nan
        total += goal.weights[item.name] * math.log(metric) * (-1.0 if item.maximise else 1.0)
    return math.exp(total)
