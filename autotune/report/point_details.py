"""Everything about each point: commands, environment, files, settings, latencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.metrics import LATENCIES, STATISTICS
from autotune.report.interval import show_metric
from autotune.report.masking import mask_env, mask_text, mask_value
from autotune.report.number import show_percent
from autotune.report.plain import clean, cut_log
from autotune.report.prediction import find_predictions
from autotune.report.provenance import split_settings
from autotune.report.reproduce import point_command, show_command

if TYPE_CHECKING:
    from autotune.report.provenance import Setting
    from autotune.report.reported import Reported
    from autotune.report.series import Series
    from autotune.store.result import Result

_NAMES = {"ttft_ms": "TTFT", "tpot_ms": "TPOT", "itl_ms": "ITL", "e2e_latency_ms": "End to end"}
#: Metrics of a load, measured and predicted.
_SHOWN = ("ttft_ms", "tpot_ms", "e2e_latency_ms", "output_tokens_per_s", "output_tokens_per_s_per_gpu")
#: Files of a server that are longer are cut.
_MAX_FILE = 8_000
#: With more points than this, the latencies in full are kept for those on the frontier; the table has the means of all.
MANY_POINTS = 200


def describe_points(report: Reported, series: Series) -> tuple[list[dict[str, Any]], list[Setting]]:
    """A block for each point, and the settings that all have in common."""
    common, own = split_settings(report.results)
    on_frontier = {report.place(row.result) for row in report.frontier}
    few = len(report.results) <= MANY_POINTS
    shared = set.intersection(*(set(result.applied_layers) for result in report.results)) if report.results else set()
    blocks = [
        _point(report, result, series, own[place], full=few or place in on_frontier)
        | {"layers": [layer for layer in result.applied_layers if layer not in shared]}
        for place, result in enumerate(report.results)
    ]
    return blocks, common


def describe_point(report: Reported, result: Result) -> dict[str, Any]:
    """One point with everything that its config says, whoever said it; its loads, measured beside predicted; its failure."""
    deployment, failure = result.deployment, result.failure
    rows = [row for row in report.rows if row.result is result]
    foretold = {item.row.index: item.predicted.measurement for item in find_predictions(rows)}
    log, cut = ("", "") if failure is None else cut_log(failure.log_tail)
    return {
        "number": report.number(result),
        "label": report.label(result),
        "run_again": point_command(result),
        "command": clean(show_command([str(item) for item in deployment.get("argv") or ()])),
        "env": mask_env(deployment.get("env") or {}),
        "files": {str(name): mask_text(clean(str(text)))[:_MAX_FILE] for name, text in (deployment.get("files") or {}).items()},
        "settings_set": split_settings([result])[0],
        "layers": result.applied_layers,
        "latencies": _latencies(result),
        "loads": [
            {
                "load": row.measurement.load.label,
                "best": row.is_best,
                "frontier": report.key(row) in report.on_frontier,
                "cells": [(show_metric(row.measurement, name), show_metric(foretold.get(row.index), name)) for name in _SHOWN],
                "errors": show_percent(row.measurement.error_rate),
                "reasons": [mask_text(clean(text)) for text in row.measurement.errors],
            }
            for row in rows
        ],
        "failure": None if failure is None else {
            "name": failure.kind.replace("_", " "), "phase": failure.phase, "message": mask_text(clean(failure.message)),
            "remedy": mask_text(clean(failure.remedy)), "log": log, "cut": cut,
        },
        "environment": [(name, clean(mask_value(name, str(value)))) for name, value in sorted(result.environment.items()) if isinstance(value, (str, int, float))],
    }  # fmt: skip


def _point(report: Reported, result: Result, series: Series, settings: list[Setting], *, full: bool) -> dict[str, Any]:
    deployment = result.deployment
    files = {str(name): mask_text(clean(str(text))) for name, text in (deployment.get("files") or {}).items()}
    return {
        "number": report.number(result),
        "series": series.index[report.place(result)],
        "label": report.label(result),
        "result": result,
        "run_again": point_command(result),
        "command": clean(show_command([str(item) for item in deployment.get("argv") or ()])),
        "env": mask_env(deployment.get("env") or {}),
        "files": {name: text if len(text) <= _MAX_FILE else f"{text[:_MAX_FILE]}\n[cut]" for name, text in files.items()},
        "settings": settings,
        "latencies": _latencies(result) if full else [],
    }  # fmt: skip


def _latencies(result: Result) -> list[dict[str, Any]]:
    """Every latency of every load, with the statistics that the tool gave."""
    return [
        {
            "load": item.load.label,
            "metric": _NAMES[name],
            "values": [show_metric(item, f"{name}.{statistic}") for statistic in STATISTICS],
        }
        for item in result.measurements
        for name in LATENCIES
        if getattr(item, name)
    ]
