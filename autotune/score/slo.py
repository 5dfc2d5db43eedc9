"""Service level objectives: what was missed, by how much, and what that does to a score.

    score = base * (1 + sum over violated targets of weight * exp(violation_ratio / steepness))
    violation_ratio = measured / threshold - 1

A target that is met adds nothing. A target for a statistic that the tool did not give cannot be judged; it adds nothing
either and is listed as `missing`.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.schema import Targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.metrics import Measurement
    from autotune.schema import Slo, Target

#: SLO group field -> Measurement fields it may be judged on, in order of preference.
METRICS: dict[str, tuple[str, ...]] = {
    "ttft": ("ttft_ms",),
    "tpot": ("tpot_ms", "itl_ms"),
    "e2e_latency": ("e2e_latency_ms",),
}

#: SLO group field -> what constraints call it.
SLO_FIELDS = {name: sources[0] for name, sources in METRICS.items()}

STATISTICS = tuple(Targets.model_fields)

#: Past this exponent exp() is continued by its tangent: still growing, so that order is kept, but never overflowing.
_MAX_EXPONENT = 500.0


@dataclass(frozen=True, slots=True)
class Violation:
    """One target that was missed. `ratio` is measured / threshold - 1, so 0.5 is half as much again."""

    metric: str
    statistic: str
    measured_ms: float
    threshold_ms: float
    weight: float
    hard: bool

    @property
    def ratio(self) -> float:
        return self.measured_ms / self.threshold_ms - 1

    def __str__(self) -> str:
        text = f"{self.metric} {self.statistic} {self.measured_ms:.1f} ms is {self.ratio:.0%} over {self.threshold_ms:g} ms"
        return f"{text} (hard failure)" if self.hard else text


@dataclass(frozen=True, slots=True)
class SloVerdict:
    """How a measurement stands to its SLOs. `factor` is at least 1, and 1 when nothing with a weight was missed."""

    violations: tuple[Violation, ...] = ()
    missing: tuple[str, ...] = ()
    factor: float = 1.0

    @property
    def met(self) -> bool:
        return not self.violations

    @property
    def hard_failed(self) -> bool:
        return any(item.hard for item in self.violations)


def has_targets(slo: Slo) -> bool:
    """Whether any target is set."""
    return next(_targets(slo), None) is not None


def request_limits(slo: Slo) -> dict[str, float]:
    """What a single request has to keep to, by `Measurement` field, in ms.

    A target is for a statistic over requests; the outermost one that is set says what nearly every request has to
    meet (p99 before p95 before p90 before the median), and a mean alone is taken as the limit of each.
    """
    outermost = {metric: target.threshold for metric, _, target in _targets(slo)}
    return {SLO_FIELDS[metric]: threshold for metric, threshold in outermost.items()}


def judge_slo(measurement: Measurement, slo: Slo) -> SloVerdict:
    """Lay a measurement against every target that is set."""
    violations: list[Violation] = []
    missing: list[str] = []
    for metric, statistic, target in _targets(slo):
        value = _statistic(measurement, metric, statistic)
        if not math.isfinite(value):
            missing.append(f"{metric}.{statistic}")
        elif value > target.threshold:
            hard = target.hard_fail and value / target.threshold - 1 > target.fail_ratio
            violations.append(Violation(metric, statistic, value, target.threshold, target.weight, hard))
    penalty = sum(item.weight * _exp(item.ratio / slo.steepness) for item in violations)
    return SloVerdict(tuple(violations), tuple(missing), min(1.0 + penalty, sys.float_info.max))


def penalise(base: float, factor: float) -> float:
    """A score, lower being better, made worse by a factor of 1 or more.

    Multiplying a negative base (a maximised objective) would make it better, so it is divided instead: that moves it
    towards zero, exactly as the reciprocal of the throughput would grow under multiplication. Zero becomes the
    smallest positive number times the factor: worse than an unpenalised zero, and nothing else changes place.
    """
    if factor == 1.0:
        return base
    if base < 0:
        return base / factor
    return min(max(base, sys.float_info.min) * factor, sys.float_info.max)


def _exp(exponent: float) -> float:
    if exponent <= _MAX_EXPONENT:
        return math.exp(exponent)
    return math.exp(_MAX_EXPONENT) * (1.0 + exponent - _MAX_EXPONENT)


def _targets(slo: Slo) -> Iterator[tuple[str, str, Target]]:
    for metric in METRICS:
        targets = getattr(slo, metric)
        for statistic in STATISTICS if targets is not None else ():
            if (target := getattr(targets, statistic)) is not None:
                yield metric, statistic, target


def _statistic(measurement: Measurement, metric: str, statistic: str) -> float:
    for name in METRICS[metric]:
        if statistic in (known := getattr(measurement, name)):
            return float(known[statistic])
    return math.nan
