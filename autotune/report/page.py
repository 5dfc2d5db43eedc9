"""What the HTML report shows, as plain data for its template: no markup here, no decisions there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from autotune.metrics import LATENCIES, STATISTICS
from autotune.report.interval import LEGEND, any_repeated, show_metric
from autotune.report.masking import mask_data, mask_env, mask_text, mask_value
from autotune.report.number import UNKNOWN, show_number, show_percent
from autotune.report.plot import COLOURS, Sample, draw_plot, shape_of
from autotune.report.reproduce import reproduce_commands, show_command
from autotune.report.rows import (
    Row,
    frontier_rows,
    measured_rows,
    report_objectives,
    short_names,
    swept_columns,
    unmeasured_kinds,
)
from autotune.score.objectives import central

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.store.record import RunRecord
    from autotune.store.result import Result

#: Writers of values that nobody chose.
_DEFAULT_WRITER = re.compile(r"^default$|(^|/)conf/[^:]+\.ya?ml(:\d+)?$")
_NAMES = {"ttft_ms": "TTFT", "tpot_ms": "TPOT", "itl_ms": "ITL", "e2e_latency_ms": "End to end"}


def build_page(run: RunRecord, results: Sequence[Result], environment: Mapping[str, str]) -> dict[str, Any]:
    """The template's variables."""
    columns = swept_columns(results)
    names = short_names(columns)
    labels = [_label({names[path]: values[place] for path, values in columns.items()}) for place in range(len(results))]
    best = {(id(row.result), row.index) for row in frontier_rows(results)}
    place_of = {id(result): place for place, result in enumerate(results)}
    rows = measured_rows(results)
    kinds = unmeasured_kinds(results)
    # Values of different kinds are never ranked together: the tiles and the frontier are of one kind.
    leading = "measured" if any(row.measurement.kind == "measured" for row in rows) else (kinds or ["measured"])[0]
    return {
        "run": run,
        "kinds": kinds,
        "mixed": any(row.measurement.kind != leading for row in rows),
        "all_unmeasured": bool(results) and all(result.kind != "measured" for result in results),
        "models": sorted({str((result.config.get("model") or {}).get("id", UNKNOWN)) for result in results}),
        "facts": _facts(run, results, environment),
        "tiles": _tiles([row for row in rows if row.measurement.kind == leading], labels, place_of),
        "plot": draw_plot([_sample(row, place_of[id(row.result)], labels, leading) for row in rows]),
        "objectives": [objective.name for objective in report_objectives(results)],
        "columns": [(path, names[path]) for path in columns],
        "legend": LEGEND if any_repeated(row.measurement for row in rows) else "",
        "with_load": len({row.measurement.load for row in rows}) > 1,
        "rows": [
            _table_row(row, place_of[id(row.result)], columns, (id(row.result), row.index) in best) for row in rows
        ],
        "unmeasured": [
            {"number": place + 1, "result": result, "values": [values[place] for values in columns.values()]}
            for place, result in enumerate(results)
            if not result.measurements
        ],
        "failures": [
            {"number": place + 1, "result": result, "failure": result.failure, "log": mask_text(result.failure.log_tail),
             "message": mask_text(result.failure.message), "label": labels[place]}
            for place, result in enumerate(results)
            if result.failure is not None
        ],
        "points": [_point(result, place, labels[place]) for place, result in enumerate(results)],
    }  # fmt: skip


def _label(values: Mapping[str, str]) -> str:
    return " ".join(value if name == "profile" else f"{name}={value}" for name, value in values.items() if value)


def _facts(run: RunRecord, results: Sequence[Result], environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the run was done on, several values where points differ."""
    found: dict[str, list[str]] = {}

    def note(name: str, *values: Any) -> None:
        found.setdefault(name, []).extend(str(value) for value in values if value not in (None, ""))

    note("Executor", run.executor)
    for result in results:
        system, deployment = result.config.get("system") or {}, result.deployment
        note("Engine", " ".join(filter(None, (deployment.get("engine"), deployment.get("engine_version")))))
        note("Image", deployment.get("image"))
        note("GPU", system.get("gpu"))
        note("Load client", (result.config.get("benchmark") or {}).get("tool"))
    for name, value in environment.items():
        note(name, mask_value(name, value))
    return [(name, ", ".join(dict.fromkeys(values))) for name, values in found.items() if values]


def _tiles(rows: Sequence[Row], labels: Sequence[str], place_of: Mapping[int, int]) -> list[dict[str, str]]:
    """The best of each metric, over all loads without failed requests."""
    wanted: tuple[tuple[str, str, Any, bool], ...] = (
        ("Most output per GPU", "tokens/s/GPU", lambda row: row.measurement.output_tokens_per_s_per_gpu, True),
        ("Most output", "tokens/s", lambda row: row.measurement.output_tokens_per_s, True),
        ("Lowest TPOT", "ms", lambda row: central(row.measurement.tpot_ms), False),
        ("Lowest TTFT", "ms", lambda row: central(row.measurement.ttft_ms), False),
    )
    tiles = []
    for title, unit, metric, largest in wanted:
        known = [(metric(row), row) for row in rows if metric(row) == metric(row) and row.measurement.error_rate == 0]
        if known:
            value, row = (max if largest else min)(known, key=lambda item: item[0])
            place = place_of[id(row.result)]
            where = " ".join(filter(None, (f"#{place + 1}", labels[place], f"at {row.measurement.load.label}")))
            tiles.append({"title": title, "value": show_number(value), "unit": unit, "where": where})
    return tiles


def _sample(row: Row, place: int, labels: Sequence[str], leading: str) -> Sample:
    item = row.measurement
    load = f"c={item.load.concurrency}" if item.load.request_rate is None else f"{item.load.request_rate:g}/s"
    many = len(row.result.measurements) > 1
    tooltip = "\n".join(
        (
            f"#{place + 1} {labels[place]}".rstrip() + ("" if item.kind == "measured" else f" ({item.kind.upper()})"),
            item.load.label,
            f"{show_number(item.output_tokens_per_s_per_user)} tokens/s per user",
            f"{show_number(item.output_tokens_per_s_per_gpu)} tokens/s per GPU",
            f"TTFT {show_number(central(item.ttft_ms))} ms, TPOT {show_number(central(item.tpot_ms))} ms",
        )
    )
    label = f"#{place + 1} {load}" if many else f"#{place + 1}"
    user, gpu = item.output_tokens_per_s_per_user, item.output_tokens_per_s_per_gpu
    return Sample(place, user, gpu, label, tooltip, ranked=item.kind == leading)


def _table_row(row: Row, place: int, columns: Mapping[str, Sequence[str]], on_frontier: bool) -> dict[str, Any]:
    item = row.measurement
    return {
        "number": place + 1,
        "colour": place % COLOURS,
        "shape": shape_of(place),
        "values": [values[place] for values in columns.values()],
        "load": item.load.label,
        "gpus": row.gpus or UNKNOWN,
        "ttft": show_metric(item, "ttft_ms"),
        "tpot": show_metric(item, "tpot_ms"),
        "user": show_metric(item, "output_tokens_per_s_per_user"),
        "total": show_metric(item, "output_tokens_per_s"),
        "per_gpu": show_metric(item, "output_tokens_per_s_per_gpu"),
        "errors": show_percent(item.error_rate),
        "failing": item.error_rate > 0,
        "score": show_number(row.result.score) if row.is_best else "",
        "frontier": on_frontier,
        "kind": item.kind,
    }


def _point(result: Result, place: int, label: str) -> dict[str, Any]:
    deployment = result.deployment
    return {
        "number": place + 1,
        "colour": place % COLOURS,
        "shape": shape_of(place),
        "label": label,
        "result": result,
        "command": show_command([str(item) for item in deployment.get("argv") or ()]),
        "env": mask_env(deployment.get("env") or {}),
        "files": {name: mask_text(str(text)) for name, text in (deployment.get("files") or {}).items()},
        "settings": _settings(result),
        "latencies": _latencies(result),
        "reproduce": reproduce_commands(result),
    }


def _settings(result: Result) -> list[tuple[str, str, str]]:
    """(path, value, writer) of everything that somebody or some layer chose."""
    chosen = []
    for path, writer in sorted(result.origin.items()):
        value = _lookup(result.config, path)
        if value is not None and not _DEFAULT_WRITER.search(writer):
            masked = mask_data(path, value)
            shown = masked if isinstance(masked, str) else json.dumps(masked, ensure_ascii=False)
            chosen.append((path, shown, _show_writer(path, writer)))
    return chosen


def _show_writer(path: str, writer: str) -> str:
    """The writer, an override without the secret that it may hold."""
    head, equals, value = writer.partition("=")
    return f"{head}{equals}{mask_value(path, value)}" if equals else mask_text(writer)


def _lookup(config: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; keys of free maps may hold dots themselves."""
    value: Any = config
    parts = path.split(".")
    while parts and isinstance(value, dict):
        for length in range(len(parts), 0, -1):
            if (key := ".".join(parts[:length])) in value:
                value, parts = value[key], parts[length:]
                break
        else:
            return None
    return None if parts else value


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
