"""What the sections on effects, limits, convergence and predictions show, as plain data for the template."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.report.number import UNKNOWN, show_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autotune.report.attainment import Attainment, Limit, Standing
    from autotune.report.convergence import Convergence
    from autotune.report.effects import Change, Effect, Outage
    from autotune.report.prediction import Accuracy
    from autotune.report.reported import Reported
    from autotune.score import Objective
    from autotune.store.result import Result

#: Steps of one setting that are shown.
MAX_STEPS = 12
#: Pairs that one effect lists; the median and the range are over all of them.
MAX_PAIRS = 24
#: Loads that the table of limits lists.
MAX_JUDGED = 60
#: Dots on one strip.
_MAX_DOTS = 40
STRIP_WIDTH, STRIP_HEIGHT = 96.0, 14.0
CURVE_WIDTH, CURVE_HEIGHT = 760.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 12.0, 40.0

METRIC_NAMES = {
    "maximize_throughput_per_gpu": "tokens/s per GPU",
    "maximize_throughput": "tokens/s",
    "maximize_goodput": "goodput",
    "maximize_goodput_per_gpu": "goodput per GPU",
    "minimize_tpot": "TPOT",
    "minimize_ttft": "TTFT",
    "minimize_latency": "end to end",
}


def metric_name(objective: Objective) -> str:
    base = objective.name.removesuffix("_per_gpu")
    return METRIC_NAMES.get(objective.name) or f"{METRIC_NAMES.get(base, base)} x GPUs"


class Anchor(NamedTuple):
    """A point's place in the page, and what it is called."""

    id: str
    name: str


def effect_section(
    effects: Sequence[Effect],
    outages: Sequence[Outage],
    metrics: Sequence[Objective],
    anchor: Callable[[Result], Anchor],
) -> dict[str, Any]:
    """A table for each setting, a row for each step from one of its values to another."""
    changes = [[effect.change(metric) for metric in metrics] for effect in effects]
    # A strip a metric has the same scale in every row, so that lengths can be compared.
    reach = [max(_reach(row[place]) for row in changes) or math.log(2) for place in range(len(metrics))]
    settings: dict[str, dict[str, Any]] = {}
    for effect, found in zip(effects, changes, strict=True):
        lost = [
            f"{item.value or 'not said'}: {item.lost} of {item.points}"
            for item in outages
            if item.setting == effect.setting
        ]
        empty: dict[str, Any] = {"path": effect.setting, "rows": [], "pairs": [], "lost": lost, "more": 0}
        shown = settings.setdefault(effect.setting, empty)
        if len(shown["rows"]) == MAX_STEPS:
            shown["more"] += 1
            continue
        shown["rows"].append(_effect_row(effect, found, reach))
        shown["pairs"].append(_pairs(effect, metrics, anchor))
    return {
        "metrics": [{"name": metric_name(item), "maximise": item.maximise} for item in metrics],
        "settings": list(settings.values()),
        "few": any(effect.few and effect.pairs for effect in effects),
    }


def _effect_row(effect: Effect, changes: Sequence[Change | None], reach: Sequence[float]) -> dict[str, Any]:
    return {
        "old": effect.old or "not said",
        "new": effect.new or "not said",
        "points": effect.points,
        "loads": len(effect.pairs),
        "few": effect.few,
        "along": effect.along[:6],
        "more_along": max(0, len(effect.along) - 6),
        "cells": [None if change is None else _cell(change, far) for change, far in zip(changes, reach, strict=True)],
    }


def _cell(change: Change, reach: float) -> dict[str, Any]:
    improved = change.median > 1 if change.objective.maximise else change.median < 1
    same = abs(change.median - 1) < 0.005
    return {
        "median": show_ratio(change.median),
        "range": "" if len(change.ratios) == 1 else f"{show_ratio(change.low)} to {show_ratio(change.high)}",
        "verdict": "same" if same else "better" if improved else "worse",
        "better": change.better,
        "pairs": len(change.ratios),
        "mixed": change.mixed,
        "dots": [_along_strip(ratio, reach) for ratio in _spread(change.ratios)],
        "low": _along_strip(change.low, reach),
        "high": _along_strip(change.high, reach),
        "at": _along_strip(change.median, reach),
    }


def _pairs(effect: Effect, metrics: Sequence[Objective], anchor: Callable[[Result], Anchor]) -> dict[str, Any]:
    return {
        "step": f"{effect.old or 'not said'} → {effect.new or 'not said'}",
        "rows": [
            {
                "before": anchor(pair.before.result),
                "after": anchor(pair.after.result),
                "load": pair.before.measurement.load.label,
                "ratios": [show_ratio(pair.ratio(metric)) for metric in metrics],
            }
            for pair in effect.pairs[:MAX_PAIRS]
        ],
        "more": max(0, len(effect.pairs) - MAX_PAIRS),
    }


def show_ratio(ratio: float) -> str:
    """The ratio after a multiplication sign, or a dash."""
    return UNKNOWN if math.isnan(ratio) else f"\N{MULTIPLICATION SIGN}{show_number(ratio)}"


def _reach(change: Change | None) -> float:
    return 0.0 if change is None else max(abs(math.log(change.low)), abs(math.log(change.high)))


def _along_strip(ratio: float, reach: float) -> str:
    """Where on a strip a ratio lies: 1 in the middle, halving and doubling equally far from it."""
    return f"{STRIP_WIDTH / 2 * (1 + 0.94 * math.log(ratio) / reach):.1f}"


def _spread(ratios: Sequence[float]) -> Sequence[float]:
    return ratios[:: max(1, math.ceil(len(ratios) / _MAX_DOTS))]


def limit_section(report: Reported, attainment: Attainment) -> dict[str, Any] | None:
    """How many loads meet each limit and which is nearest to it, then load by load; None without limits.

    The loads that meet everything come first, then those that miss by least.
    """
    if not attainment.limits:
        return None
    ordered = sorted(attainment.rows, key=lambda item: _worst(item[1]))
    return {
        "limits": [
            {
                "label": limit.label,
                "met": attainment.met(place),
                "judged": attainment.judged(place),
                "best": _best(report, attainment, place, limit),
            }
            for place, limit in enumerate(attainment.limits)
        ],
        "all": sum(attainment.meets_all(standings) for _, standings in attainment.rows),
        "loads": len(attainment.rows),
        "rows": [
            {
                "number": report.number(row.result),
                "label": report.label(row.result),
                "load": row.measurement.load.label,
                "frontier": report.key(row) in report.on_frontier,
                "meets": attainment.meets_all(standings),
                "cells": [_standing(item) for item in standings],
            }
            for row, standings in ordered[:MAX_JUDGED]
        ],
        "more": max(0, len(ordered) - MAX_JUDGED),
    }


def _worst(standings: Sequence[Standing | None]) -> tuple[bool, bool, float]:
    """Sort key: what meets all, then what is known, then by the limit that is missed furthest."""
    judged = [item for item in standings if item is not None]
    ratios = [item.ratio for item in judged if not math.isnan(item.ratio)]
    unmet = any(item.met is not True for item in judged)
    return unmet, any(item.met is None for item in judged), max(ratios, default=0.0)


def _best(report: Reported, attainment: Attainment, place: int, limit: Limit) -> str:
    """The load that keeps furthest below a limit on a latency."""
    known = [(standings[place], row) for row, standings in attainment.rows]
    judged = [(item, row) for item, row in known if item is not None and not math.isnan(item.ratio)]
    if not judged or not limit.metric:
        return ""
    standing, row = min(judged, key=lambda pair: pair[0].ratio)
    return f"{show_number(standing.value_ms)} ms, {show_margin(standing.ratio)}: {report.row_label(row)}"


def _standing(item: Standing | None) -> dict[str, Any] | None:
    if item is None:
        return None
    margin = show_margin(item.ratio) if not math.isnan(item.ratio) else ""
    value = f"{show_number(item.value_ms)} ms" if not math.isnan(item.value_ms) else ""
    return {"met": item.met, "value": value, "margin": margin, "reason": item.reason}


def show_margin(ratio: float) -> str:
    """`12 % under`, `30 % over`."""
    share = abs(ratio) * 100
    shown = f"{share:.0f}" if share >= 1 else f"{share:.1f}"
    return f"{shown} % {'over' if ratio > 0 else 'under'}"


def convergence_section(report: Reported, found: Convergence, share: float) -> dict[str, Any]:
    """The curve of the hypervolume, and the experiments that added to it."""
    steps, width = found.steps, CURVE_WIDTH - _LEFT - _RIGHT
    across = [_LEFT + width * (place / len(steps)) for place in range(len(steps) + 1)]

    def up(value: float) -> float:
        return CURVE_HEIGHT - _BOTTOM - value * (CURVE_HEIGHT - _TOP - _BOTTOM)

    path = f"M{across[0]:.1f} {up(0):.1f}" + "".join(
        f"H{across[step.experiment]:.1f}V{up(step.share):.1f}" for step in steps
    )
    stride = max(1, math.ceil(len(steps) / 10))
    return {
        "width": CURVE_WIDTH, "height": CURVE_HEIGHT, "left": _LEFT, "right": CURVE_WIDTH - _RIGHT,
        "top": _TOP, "bottom": CURVE_HEIGHT - _BOTTOM,
        "path": path,
        "dots": [
            {"x": across[step.experiment], "y": up(step.share), "title": f"experiment {step.experiment}: "
             f"#{report.number(step.result)} {report.label(step.result)}".rstrip() + f", {step.share:.0%}"}
            for step in steps if step.improved
        ],
        "failed": [across[step.experiment] for step in steps if step.result.status == "failed"],
        "x_ticks": [(across[count], count) for count in range(0, len(steps) + 1, stride)],
        "y_ticks": [(up(value), f"{value:.0%}") for value in (0.0, 0.25, 0.5, 0.75, 1.0)],
        "rule": up(share),
        "share": f"{share:.0%}",
        "needed": found.experiments_for(share),
        "experiments": len(steps),
        "points": len(report.run.points),
        "improved": [
            {"experiment": step.experiment, "number": report.number(step.result),
             "label": report.label(step.result), "share": f"{step.share:.1%}"}
            for step in steps if step.improved
        ],
    }  # fmt: skip


def accuracy_rows(accuracy: Sequence[Accuracy]) -> list[dict[str, Any]]:
    """How far off the predictions were, a row a metric."""
    return [
        {
            "name": metric_name(item.objective),
            "loads": item.loads,
            "median": show_ratio(item.median),
            "range": f"{show_ratio(item.low)} to {show_ratio(item.high)}",
            "mape": f"{100 * item.mape:.0f} %",
        }
        for item in accuracy
    ]
