"""What a measurement lacks to meet its limits: the SLO's targets and the constraints, one entry for each that is missed.

A constraint such as `ttft_ms.p95 < 300.0 && error_rate == 0.0` is taken apart into its comparisons, so that each has a
distance. Any other expression (`||`, arithmetic, functions) is one limit without a distance, which is met or not.
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.score.slo import SLO_FIELDS, judge_slo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autotune.metrics import Measurement
    from autotune.score.constraints import Constraint
    from autotune.score.goal import Goal

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_NAME, _NUMBER, _OPERATOR = r"([a-z_]+\d*(?:\.[a-z]\w*)?)", r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)", r"(<=|>=|==|<|>)"
_METRIC_FIRST = re.compile(rf"{_NAME}\s*{_OPERATOR}\s*{_NUMBER}")
_NUMBER_FIRST = re.compile(rf"{_NUMBER}\s*{_OPERATOR}\s*{_NAME}")


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One limit that is missed. `limit` is a metric, as constraints name it, or a whole constraint that is no comparison.

    `measured` and `bound` are in the metric's unit; NaN where there is none: a statistic that the tool did not give, or a
    constraint without a distance, of which `reason` tells.
    """

    limit: str
    measured: float = math.nan
    bound: float = math.nan
    reason: str = ""

    @property
    def excess(self) -> float:
        """How far past the bound, as a share of it: 0.37 is 37 % over (or under) it. NaN without a distance.

        Past a bound of 0 there is no share; the excess is then the measured value itself, which for an error rate is the
        share of requests that failed.
        """
        distance = abs(self.measured - self.bound)
        return distance / abs(self.bound) if self.bound else distance

    @property
    def over(self) -> bool:
        """Whether the measured value lies above the bound, and has to fall."""
        return self.measured > self.bound


def find_shortfalls(measurement: Measurement, goal: Goal) -> tuple[Shortfall, ...]:
    """Every limit of the goal that the measurement does not meet, hard or not. What was not measured is not met."""
    verdict = judge_slo(measurement, goal.slo)
    found = [
        Shortfall(f"{SLO_FIELDS[item.metric]}.{item.statistic}", item.measured_ms, item.threshold_ms)
        for item in verdict.violations
    ]
    for name in verdict.missing:
        metric, _, statistic = name.partition(".")
        found.append(Shortfall(f"{SLO_FIELDS[metric]}.{statistic}", reason="not measured"))
    for constraint in goal.constraints:
        found += _missed(measurement, constraint)
    return tuple(dict.fromkeys(found))


def _missed(measurement: Measurement, constraint: Constraint) -> Iterator[Shortfall]:
    """What of one constraint is not met; nothing where it is."""
    reason = constraint.why_not(measurement)
    if reason is None:
        return
    parts = [_comparison(part) for part in constraint.source.split("&&")]
    if any(part is None for part in parts):
        yield Shortfall(constraint.source, reason=reason.removeprefix(f"`{constraint.source}`").lstrip(": "))
        return
    for name, compare, bound in filter(None, parts):
        value = _read(measurement, name)
        if math.isnan(value):
            yield Shortfall(name, reason="not measured")
        elif not _COMPARE[compare](value, bound):
            yield Shortfall(name, value, bound)


def _comparison(text: str) -> tuple[str, str, float] | None:
    """(metric, operator, bound) of a plain comparison with a number; None for anything else."""
    bare = text.strip()
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1].strip()
    if found := _METRIC_FIRST.fullmatch(bare):
        return found[1], found[2], float(found[3])
    if found := _NUMBER_FIRST.fullmatch(bare):
        return found[3], _MIRRORED[found[2]], float(found[1])
    return None


def _read(measurement: Measurement, path: str) -> float:
    name, _, statistic = path.partition(".")
    value = getattr(measurement, name, math.nan)
    return float(value.get(statistic, math.nan)) if isinstance(value, dict) else float(value)
