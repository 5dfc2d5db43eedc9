"""Runs and results out of their tables, by queries that read no more than what is asked for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from autotune.store import tables
from autotune.store.rows import read_result, read_run, read_summary, read_task

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection

    from autotune.store.record import RunRecord, RunSummary
    from autotune.store.result import Result

#: Ids in one query; SQLite takes 32766 at most.
BATCH = 500


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a list holds; None leaves a column alone. `among` and `without` are ids."""

    executor: str | None = None
    finished: bool | None = None
    imported: bool | None = None
    among: Collection[str] | None = None
    without: Collection[str] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        runs = tables.runs.c
        found: list[ColumnElement[bool]] = [] if self.executor is None else [runs.executor == self.executor]
        for wanted, column in ((self.finished, runs.finished_at), (self.imported, runs.source)):
            if wanted is not None:
                found.append(column.is_not(None) if wanted else column.is_(None))
        if self.among is not None:
            found.append(runs.run_id.in_(self.among))
        if self.without:
            found.append(runs.run_id.not_in(self.without))
        return found


ANY_RUN = RunFilter()


def latest_first() -> Select[Any]:
    joined = tables.runs.outerjoin(tables.tasks, tables.runs.c.task_hash == tables.tasks.c.task_hash)
    task = [column.label(f"task_{column.name}") for column in tables.tasks.c if column.name != "task_hash"]
    return select(tables.runs, *task).select_from(joined).order_by(tables.runs.c.run_id.desc())


def read_runs(connection: Connection, query: Select[Any]) -> list[RunRecord]:
    rows = [dict(row) for row in connection.execute(query).mappings()]
    counts = _counts(connection, [row["run_id"] for row in rows])
    found = []
    for row in rows:
        task = None
        if row["task_hash"] is not None:
            names = ("text", "name", "version", "migrated_from")
            task = read_task({name: row[f"task_{name}"] for name in names})
        found.append(read_run(row, counts[row["run_id"]], task))
    return found


def summaries() -> Select[Any]:
    """What lists of runs show, the latest first: neither the points nor the inputs, which are most of a run."""
    runs, tasks = tables.runs, tables.tasks
    return (
        select(
            runs.c.run_id, runs.c.executor, func.json_array_length(runs.c.points).label("point_count"), runs.c.created_at,
            runs.c.finished_at, runs.c.task_hash, tasks.c.name.label("task_name"), runs.c.environment, runs.c.source,
        )
        .select_from(runs.outerjoin(tasks, runs.c.task_hash == tasks.c.task_hash))
        .order_by(runs.c.run_id.desc())
    )  # fmt: skip


def read_summaries(connection: Connection, query: Select[Any]) -> list[RunSummary]:
    rows = [dict(row) for row in connection.execute(query).mappings()]
    counts = _counts(connection, [row["run_id"] for row in rows])
    return [read_summary(row, counts[row["run_id"]]) for row in rows]


def read_results(connection: Connection, keys: Sequence[tuple[str, str]], task: str | None = None) -> list[Result]:
    """The results of these runs and points, without what their clients left; in the order of `keys`."""
    found: dict[tuple[str, str], Any] = {}
    measured: dict[tuple[str, str], list[Any]] = defaultdict(list)
    predicted: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for run_id, points in _by_run(keys).items():
        for row in connection.execute(_of_points(tables.results, run_id, points)).mappings():
            found[run_id, row["point_id"]] = row
        for table, rows in ((tables.measurements, measured), (tables.predictions, predicted)):
            query = _of_points(table, run_id, points).order_by(table.c.position)
            for row in connection.execute(query).mappings():
                rows[run_id, row["point_id"]].append(row)
    return [read_result(dict(found[key]), measured[key], predicted[key], task) for key in keys if key in found]


def rows_by_point(connection: Connection, table: Any, run_id: str) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = defaultdict(list)
    query = select(table).where(table.c.run_id == run_id).order_by(table.c.point_id, table.c.position)
    for item in connection.execute(query).mappings():
        rows[item["point_id"]].append(item)
    return rows


def _by_run(keys: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    by_run: dict[str, list[str]] = defaultdict(list)
    for run_id, point in keys:
        by_run[run_id].append(point)
    return by_run


def _of_points(table: Any, run_id: str, points: list[str]) -> Select[Any]:
    return select(table).where((table.c.run_id == run_id) & table.c.point_id.in_(points))


def _counts(connection: Connection, runs: list[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    columns = (tables.results.c.run_id, tables.results.c.status)
    for start in range(0, len(runs), BATCH):
        wanted = columns[0].in_(runs[start : start + BATCH])
        for run_id, status, count in connection.execute(
            select(*columns, func.count()).where(wanted).group_by(*columns)
        ):
            counts[run_id][status] = count
    return counts
