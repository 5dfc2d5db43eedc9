"""The points of a run that is being watched: those at work first, then the ones settled last."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from autotune.report.columns import Entry
from autotune.report.interval import show_metric
from autotune.report.masking import mask_text, mask_value
from autotune.report.number import UNKNOWN, show_number
from autotune.report.plain import clean
from autotune.report.rows import Row, short_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.report.reported import Reported
    from autotune.store import Result

#: Metrics of the table, each measured and predicted.
METRICS = ("ttft_ms", "tpot_ms", "output_tokens_per_s_per_gpu")


def watched_columns(report: Reported, labels: Iterable[str]) -> dict[str, str]:
    """The settings that have a column, path by path with its short name: those in which points differ so far, and those that
    the points' labels name, in which they will.
    """
    said = {_path(word) for label in labels for word in label.split()}
    typed = dict.fromkeys(_path(text) for result in report.results for text in result.overrides)
    return short_names(path for path in typed if path in said or path in report.columns)


def _path(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def point_lines(report: Reported, paths: Iterable[str], *, alive: bool, most: int) -> list[dict[str, Any]]:
    """A line for each point, the first `most` of them, with the values of these settings and its best load, measured beside predicted. Where the run is
    not `alive`, what was at work when it ended is interrupted.
    """
    wanted = list(paths)
    on = {report.place(row.result) for row in report.frontier}
    ordered = sorted(report.results, key=lambda item: item.finished_at or "", reverse=True)
    ordered.sort(key=lambda item: item.status not in ("running", "interrupted"))
    lines = [_line(report, result, wanted, frontier=report.place(result) in on) for result in ordered[:most]]
    return [line | {"status": "interrupted"} if line["status"] == "running" and not alive else line for line in lines]


def _line(report: Reported, result: Result, paths: Sequence[str], *, frontier: bool) -> dict[str, Any]:
    row = None if result.best is None else Row(result, result.best, result.measurements[result.best])
    entry = Entry(report, "", result, row)
    failure = result.failure
    typed = {_path(text): text.partition("=")[2] for text in result.overrides}
    return {
        "point_id": result.point_id,
        "number": report.number(result),
        "values": [clean(mask_value(path, typed.get(path, ""))) or UNKNOWN for path in paths],
        "status": result.status,
        "kind": result.kind,
        "attempts": result.attempts,
        "why": "" if failure is None else failure.kind.replace("_", " "),
        "remedy": "" if failure is None else mask_text(clean(failure.remedy)),
        "load": "" if row is None else row.measurement.load.label,
        "cells": [(show_metric(entry.measurement, name), show_metric(entry.predicted, name)) for name in METRICS],
        "score": show_number(result.score),
        "frontier": frontier,
    }


def show_duration(since: str, now: datetime) -> str:
    """The time since an ISO 8601 moment: `48 s`, `12 min`, `3 h 5 min`; empty for what is no time."""
    try:
        seconds = int((now - datetime.fromisoformat(since)).total_seconds())
    except (ValueError, TypeError):
        return ""
    if seconds < 60:
        return f"{max(0, seconds)} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
