"""What tables of effects show, as plain data for the template: ratios, their strips, and the pairs behind them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.report.number import UNKNOWN, show_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autotune.report.effects import Effect, Outage
    from autotune.report.pairs import Change
    from autotune.score import Objective
    from autotune.store.result import Result

#: Steps of one setting that are shown.
MAX_STEPS = 12
#: Pairs that one effect lists; the median and the range are over all of them.
MAX_PAIRS = 24
#: Dots on one strip.
_MAX_DOTS = 40
STRIP_WIDTH = 96.0

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
