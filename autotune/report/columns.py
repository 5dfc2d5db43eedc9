"""The columns that a table of results may have: what each shows, and what it sorts by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autotune.report.interval import show_metric
from autotune.report.number import UNKNOWN, show_number, show_percent
from autotune.score.objectives import central

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from autotune.metrics import Measurement
    from autotune.report.reported import Reported
    from autotune.report.rows import Row
    from autotune.store.result import Result

#: Columns of swept settings are called by the path after this.
SETTING = "set:"


class Entry(NamedTuple):
    """One line of the table: a load of a point, or a point that has no numbers (`row` is None). `letter` names its run
    among several.
    """

    report: Reported
    letter: str
    result: Result
    row: Row | None

    @property
    def measurement(self) -> Measurement | None:
        return None if self.row is None else self.row.measurement

    @property
    def predicted(self) -> Measurement | None:
        """What was predicted for this load."""
        if self.row is None:
            return None
        load = self.row.measurement.load
        return next((item.measurement for item in self.result.predictions if item.measurement.load == load), None)

    @property
    def on_frontier(self) -> bool:
        return self.row is not None and self.report.key(self.row) in self.report.on_frontier


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `key` is what it sorts by: a number, or text; NaN and "" are not known and stand last either way."""

    name: str
    title: str
    show: Callable[[Entry], str]
    key: Callable[[Entry], float | str]
    number: bool = False
    #: What stands in a tooltip: the whole path of a setting, or what the number is.
    about: str = ""


def entries_of(reports: Sequence[Reported], letters: Sequence[str]) -> list[Entry]:
    """A line for each load of each point, in the order of the runs and their points."""
    found = []
    for report, letter in zip(reports, letters, strict=True):
        rows: dict[int, list[Row]] = {}
        for row in report.rows:
            rows.setdefault(id(row.result), []).append(row)
        for result in report.results:
            own = rows.get(id(result))
            found += [Entry(report, letter, result, row) for row in own or (None,)]
    return found


def all_columns(reports: Sequence[Reported]) -> list[Column]:
    """Every column that these runs give something to show in, in order."""
    paths = dict.fromkeys(path for report in reports for path in report.columns)
    found = [Column("point", "Point", _point, _point_key)]
    if len(reports) > 1:
        found.insert(0, Column("run", "Run", lambda entry: entry.letter, lambda entry: entry.letter))
    found += [_setting(path, reports) for path in paths]
    if any(report.with_load for report in reports) or len(reports) > 1:
        found.append(Column("load", "Load", _load, _load_key))
    return found + [column for column in _METRICS if _is_known(column, reports)]


def default_columns(columns: Iterable[Column]) -> list[str]:
    """What is shown where nobody chose."""
    return [item.name for item in columns if item.name in _SHOWN or item.name.startswith(SETTING)]


def setting_value(entry: Entry, path: str) -> str:
    """The value of a swept setting on a line's point; empty where it has none."""
    values = entry.report.columns.get(path)
    return "" if values is None else values[entry.report.place(entry.result)]


def _setting(path: str, reports: Sequence[Reported]) -> Column:
    name = next(report.names[path] for report in reports if path in report.names)

    def key(entry: Entry) -> float | str:
        return _as_number(setting_value(entry, path))

    return Column(f"{SETTING}{path}", name, lambda entry: setting_value(entry, path) or UNKNOWN, key, about=path)


def _as_number(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def _point(entry: Entry) -> str:
    return f"#{entry.report.number(entry.result)}"


def _point_key(entry: Entry) -> float:
    # Loads of one point stay together, in the order in which they were measured.
    return entry.report.number(entry.result) + (0 if entry.row is None else entry.row.index / 1e6)


def _load(entry: Entry) -> str:
    return UNKNOWN if entry.measurement is None else entry.measurement.load.label


def _load_key(entry: Entry) -> float | str:
    if entry.measurement is None:
        return ""
    load = entry.measurement.load
    return float(load.concurrency or 0) if load.request_rate is None else load.request_rate


def _metric(name: str, title: str, about: str, *, predicted: bool = False) -> Column:
    """A rate, or the mean of a latency (else its median); or a statistic of one, as `ttft_ms.p95`."""

    def of(entry: Entry) -> Measurement | None:
        return entry.predicted if predicted else entry.measurement

    def key(entry: Entry) -> float:
        item = of(entry)
        if item is None:
            return math.nan
        field, _, statistic = name.partition(".")
        value = getattr(item, field)
        if not isinstance(value, dict):
            return float(value)
        return float(value.get(statistic, math.nan)) if statistic else central(value)

    def show(entry: Entry) -> str:
        return show_metric(of(entry), name)

    prefix = "predicted:" if predicted else ""
    return Column(f"{prefix}{name}", title, show, key, number=True, about=about)


def _error_key(entry: Entry) -> float:
    return math.nan if entry.measurement is None else entry.measurement.error_rate


def _score_key(entry: Entry) -> float:
    score = entry.result.score if entry.row is not None and entry.row.is_best else None
    return math.nan if score is None else score


def _gpus_key(entry: Entry) -> float:
    return float(entry.result.deployment.get("gpus") or math.nan)


def _gpus(entry: Entry) -> str:
    return str(int(entry.result.deployment.get("gpus") or 0) or UNKNOWN)


def _status(entry: Entry) -> str:
    failure = entry.result.failure
    return entry.result.status if failure is None else f"{entry.result.status}: {failure.kind.replace('_', ' ')}"


def _kind(entry: Entry) -> str:
    return entry.result.kind if entry.measurement is None else entry.measurement.kind


def _is_known(column: Column, reports: Sequence[Reported]) -> bool:
    """Whether any line has it; what every table has is not asked for."""
    if column.name in _ALWAYS:
        return True
    return any(_has(column.key(Entry(report, "", row.result, row))) for report in reports for row in report.rows)


def _has(key: float | str) -> bool:
    return bool(key) if isinstance(key, str) else math.isfinite(key)


_METRICS = (
    Column("gpus", "GPUs", _gpus, _gpus_key, number=True, about="GPUs of the server"),
    _metric("ttft_ms", "TTFT ms", "mean time to first token"),
    _metric("ttft_ms", "TTFT predicted ms", "mean time to first token, as predicted", predicted=True),
    _metric("ttft_ms.p95", "TTFT p95 ms", "95th percentile of the time to first token"),
    _metric("ttft_ms.p99", "TTFT p99 ms", "99th percentile of the time to first token"),
    _metric("tpot_ms", "TPOT ms", "mean time per output token after the first"),
    _metric("tpot_ms", "TPOT predicted ms", "mean time per output token, as predicted", predicted=True),
    _metric("tpot_ms.p95", "TPOT p95 ms", "95th percentile of the time per output token"),
    _metric("e2e_latency_ms", "End to end ms", "mean time of a whole request"),
    _metric("e2e_latency_ms.p95", "End to end p95 ms", "95th percentile of the time of a whole request"),
    _metric("output_tokens_per_s_per_user", "tok/s per user", "1000 / TPOT: the speed that one reader sees"),
    _metric("output_tokens_per_s", "tok/s", "output tokens per second of the whole server"),
    _metric("output_tokens_per_s_per_gpu", "tok/s/GPU", "output tokens per second, for each GPU"),
    _metric("output_tokens_per_s_per_gpu", "tok/s/GPU predicted", "output tokens per second and GPU, as predicted", predicted=True),
    _metric("requests_per_s", "requests/s", "requests per second"),
    _metric("goodput_requests_per_s", "goodput requests/s", "requests per second that met the limits, each by itself"),
    Column("errors", "Errors", lambda entry: show_percent(_error_key(entry)), _error_key, number=True, about="share of the requests that failed"),
    Column("score", "Score", lambda entry: show_number(_score_key(entry)), _score_key, number=True, about="lower is better; stands with the best load of a point"),
    Column("status", "Status", _status, _status),
    Column("kind", "Kind", _kind, _kind),
)  # fmt: skip
_ALWAYS = ("status",)
_SHOWN = (
    "run", "point", "load", "gpus", "ttft_ms", "tpot_ms", "output_tokens_per_s", "output_tokens_per_s_per_gpu", "score", "status",
)  # fmt: skip
