"""A verdict on a predictor as one HTML file: no script, no network, nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.report.agreement import headline, sections
from autotune.report.html import environment
from autotune.report.marks import COLOURS, SHAPES
from autotune.report.number import show_number
from autotune.report.scatter import BAND, Dot, draw_scatter
from autotune.resources import folder
from autotune.verify.align import METRICS

if TYPE_CHECKING:
    from pathlib import Path

    from autotune.verify.verdict import Verdict

#: As many points as a legend still helps to tell apart.
_LEGEND = 14


def render_agreement(verdict: Verdict, label: str = "", *, templates: Path | None = None) -> str:
    """The page. `label` is what is said of all its predictions (that they are calibrated). Everything is escaped."""
    template = environment(templates or folder("templates")).get_template("report/verify.html.j2")
    return template.render(build_agreement(verdict, label))


def build_agreement(verdict: Verdict, label: str = "") -> dict[str, Any]:
    """The template's variables."""
    points = list(dict.fromkeys((pair.run_id, pair.point_id, pair.name) for pair in verdict.pairs))
    series = {point: index for index, point in enumerate(points)}
    plots = []
    for metric, name in METRICS.items():
        dots = []
        for pair in verdict.pairs:
            if (values := pair.values.get(metric)) is not None:
                tooltip = (
                    f"{pair.name}\n{pair.load.label}\npredicted {show_number(values.predicted)}, "
                    f"measured {show_number(values.measured)} ({values.error:+.0%})"
                )
                dots.append(Dot(series[pair.run_id, pair.point_id, pair.name], values.measured, values.predicted, tooltip))  # fmt: skip
        if (plot := draw_scatter(dots)) is not None:
            plots.append({"name": name, "id": metric.partition("_")[0], "plot": plot})
    return {
        "colours": COLOURS,
        "headline": headline(verdict),
        "label": label,
        "predictor": verdict.predictor,
        "expected_error": verdict.expected_error,
        "models": sorted({pair.subject.model for pair in verdict.pairs if pair.subject.model}),
        "places": sorted({f"{pair.subject.engine} on {pair.subject.gpu}" for pair in verdict.pairs}),
        "plots": plots,
        "band": f"{BAND:g}",
        "legend": [
            {"name": name, "colour": index % COLOURS, "shape": SHAPES[index % len(SHAPES)]}
            for index, (_, _, name) in enumerate(points)
        ]
        if len(points) <= _LEGEND
        else [],
        "sections": sections(verdict),
        "pairs": [
            {
                "name": pair.name,
                "load": pair.load.label,
                "cells": [
                    (show_number(values.predicted), show_number(values.measured), f"{values.error:+.0%}")
                    if (values := pair.values.get(metric)) is not None
                    else None
                    for metric in METRICS
                ],
            }
            for pair in verdict.pairs
        ],
        "metrics": list(METRICS.values()),
    }
