"""What the sections on limits, convergence and predictions show, as plain data for the template."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autotune.report.effect_tables import metric_name, show_ratio
from autotune.report.number import show_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.report.attainment import Attainment, Limit, Standing
    from autotune.report.convergence import Convergence
    from autotune.report.prediction import Accuracy
    from autotune.report.reported import Reported

#: Loads that the table of limits lists.
MAX_JUDGED = 60
#: Experiments that added to the frontier which are listed: the last ones.
MAX_IMPROVED = 60
CURVE_WIDTH, CURVE_HEIGHT = 760.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 12.0, 40.0


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
    improved = [step for step in steps if step.improved]
    listed = improved if len(improved) <= MAX_IMPROVED else improved[-MAX_IMPROVED:]
    return {
        "width": CURVE_WIDTH, "height": CURVE_HEIGHT, "left": _LEFT, "right": CURVE_WIDTH - _RIGHT,
        "top": _TOP, "bottom": CURVE_HEIGHT - _BOTTOM,
        "path": path,
        "dots": [(across[step.experiment], up(step.share)) for step in listed],
        "failed": [across[step.experiment] for step in steps if step.result.status == "failed"],
        "x_ticks": [(across[count], count) for count in range(0, len(steps) + 1, stride)],
        "y_ticks": [(up(value), f"{100 * value:.0f} %") for value in (0.0, 0.25, 0.5, 0.75, 1.0)],
        "rule": up(share),
        "share": f"{100 * share:.0f} %",
        "needed": found.experiments_for(share),
        "experiments": len(steps),
        "points": len(report.run.points),
        "earlier": len(improved) - len(listed),
        "improved": [
            {"experiment": step.experiment, "number": report.number(step.result),
             "label": report.label(step.result), "share": f"{100 * step.share:.1f} %"}
            for step in listed
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
