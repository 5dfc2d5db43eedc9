"""A run judged by other weights and limits than its own: what can be moved, where it stands, and what follows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.report.attainment import NAMES
from autotune.report.effect_tables import metric_name
from autotune.report.reported import Reported
from autotune.report.rerank import rescore
from autotune.score import normalise, percentages, rebalance, weights_of
from autotune.score.slo import METRICS, STATISTICS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Limits that can be set where a run has none of its own on that latency.
_OFFERED = {"ttft": "p95", "tpot": "mean", "e2e_latency": "p95"}


class WeightSlider(NamedTuple):
    """One weight in percent; all of them sum to 100."""

    objective: str
    title: str
    percent: float


class LimitSlider(NamedTuple):
    """One limit in ms, None where there is none; `low` and `high` are what was measured."""

    name: str
    title: str
    threshold_ms: float | None
    low: float
    high: float
    step: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Weights that sum to 1 by objective, and the SLO group of a config (None: each point's own)."""

    weights: Mapping[str, float]
    slo: Mapping[str, Any] | None = None

    def apply(self, report: Reported) -> Reported:
        """The run as if these had been its own. Points and their order stay."""
        return Reported(report.run, tuple(rescore(report.results, self.weights, self.slo)))

    def sliders(self, report: Reported) -> list[WeightSlider]:
        shown = percentages(self.weights)
        return [WeightSlider(item.name, metric_name(item), shown[item.name]) for item in report.objectives]


def own_weights(report: Reported) -> dict[str, float]:
    """The weights that the run was ranked by, summing to 1."""
    given = next(((item.config.get("optimization") or {}).get("weights") for item in report.results), None)
    return weights_of([item.name for item in report.objectives], given or {})


def moved_weights(own: Mapping[str, float], percent: Mapping[str, float], moved: str) -> dict[str, float]:
    """The weights that were said in percent, the run's own where nothing was; they sum to 1.

    The one that was `moved` keeps its value and the others are scaled in proportion; without one all are.
    """
    said = {name: percent.get(name, 100 * weight) / 100 for name, weight in own.items()}
    if moved not in said:
        return normalise(said) if percent else dict(own)
    return rebalance(said, moved, min(1.0, said[moved]))


def own_limits(report: Reported) -> dict[str, float]:
    """The limits of the run's first point, by `ttft.p95`, in ms."""
    slo = next((item.config.get("slo") or {} for item in report.results), {})
    found = {}
    for metric in METRICS:
        for statistic in STATISTICS:
            target = (slo.get(metric) or {}).get(statistic)
            if target is not None:
                found[f"{metric}.{statistic}"] = float(target["threshold"])
    return found


def changed_slo(report: Reported, limits: Mapping[str, float]) -> dict[str, Any] | None:
    """The SLO group with these limits and no others; what else the run said of a limit stays. None where nothing changes."""
    if dict(limits) == own_limits(report):
        return None
    own = next((item.config.get("slo") or {} for item in report.results), {})
    changed: dict[str, Any] = {name: value for name, value in own.items() if name not in METRICS}
    for name, threshold in limits.items():
        metric, _, statistic = name.partition(".")
        if metric in METRICS and statistic in STATISTICS:
            kept = (own.get(metric) or {}).get(statistic) or {}
            changed.setdefault(metric, {})[statistic] = {**kept, "threshold": threshold}
    return changed


def limit_sliders(report: Reported, limits: Mapping[str, float]) -> list[LimitSlider]:
    """The limits that can be moved: those that the run has or that were set, and one for each latency without any."""
    names = dict.fromkeys([*own_limits(report), *limits])
    held = {name.partition(".")[0] for name in names}
    names |= dict.fromkeys(f"{metric}.{statistic}" for metric, statistic in _OFFERED.items() if metric not in held)
    order = {f"{metric}.{statistic}": None for metric in METRICS for statistic in STATISTICS}
    return [item for name in order if name in names and (item := _limit_slider(report, name, limits.get(name)))]


def _limit_slider(report: Reported, name: str, threshold_ms: float | None) -> LimitSlider | None:
    metric, _, statistic = name.partition(".")
    known = [
        value
        for row in report.ranked
        if (value := _statistic(row.measurement, metric, statistic)) is not None and math.isfinite(value)
    ]
    if not known and threshold_ms is None:
        return None
    known += [] if threshold_ms is None else [threshold_ms]
    step = 10.0 ** (math.floor(math.log10(max(*known, 1e-9))) - 2)
    low, high = math.floor(min(known) / step) * step, math.ceil(max(known) / step) * step
    return LimitSlider(name, f"{NAMES[metric]} {statistic}", threshold_ms, low, max(high, low + step), step)


def _statistic(measurement: Any, metric: str, statistic: str) -> float | None:
    for field in METRICS[metric]:
        if statistic in (known := getattr(measurement, field)):
            return float(known[statistic])
    return None
