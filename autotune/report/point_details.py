"""Everything about each point: commands, environment, files, settings, latencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.metrics import LATENCIES, STATISTICS
from autotune.report.interval import show_metric
from autotune.report.masking import mask_env, mask_text
from autotune.report.plain import clean
from autotune.report.provenance import split_settings
from autotune.report.reproduce import point_command, show_command

if TYPE_CHECKING:
    from autotune.report.provenance import Setting
    from autotune.report.reported import Reported
    from autotune.report.series import Series
    from autotune.store.result import Result

_NAMES = {"ttft_ms": "TTFT", "tpot_ms": "TPOT", "itl_ms": "ITL", "e2e_latency_ms": "End to end"}
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
