"""The store: runs and their results, kept the moment they are there."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from autotune.diagnostics import UnknownNameError, diagnostic, suggest
from autotune.store import tables
from autotune.store.database import Database
from autotune.store.pages import ResultFilter, Sort, result_page, run_ids_page
from autotune.store.places import store_place
from autotune.store.raw import RawFile, raw_row, read_raw, within_limits
from autotune.store.rows import (
    measurement_rows,
    prediction_rows,
    read_failed_before,
    read_result,
    read_run,
    read_task,
    result_row,
    run_row,
    task_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from autotune.store.record import FailedBefore, RunRecord
    from autotune.store.result import Result
    from autotune.store.task import Task

#: How many ids an error about an unknown one looks through for a close one.
_KNOWN_IDS = 1000
#: How many ids an error lists.
_SHOWN_IDS = 8
#: Ids in one query; SQLite takes 32766 at most.
_BATCH = 500


class Store:
    """Runs and results in a database. Each call is one transaction; threads and processes may share a store.

    `location` is the path of a SQLite file, a database URL, or None for the user's own store. Every method raises
    InputError (AT031) when the database cannot be used.
    """

    def __init__(self, location: str | Path | None = None) -> None:
        self._database = Database(store_place() if location is None else location)

    @property
    def name(self) -> str:
        """The store as messages name it, without a password."""
        return self._database.name

    def create_run(self, run: RunRecord) -> None:
        with self._database.writing(f"run {run.run_id}") as connection:
            _insert_run(connection, run)

    def finish_run(self, run_id: str, finished_at: str) -> None:
        """Mark a run as finished: the same command then starts a new one."""
        with self._database.writing(f"the end of run {run_id}") as connection:
            change = update(tables.runs).where(tables.runs.c.run_id == run_id).values(finished_at=finished_at)
            connection.execute(change)

    def save(self, result: Result, raw: Iterable[RawFile] = ()) -> None:
        """Store a result in place of any earlier one of the same run and point, with the files its client left."""
        with self._database.writing(f"the result of point {result.point_id}") as connection:
            _insert_result(connection, result, raw)

    def save_run(self, run: RunRecord, results: Iterable[tuple[Result, Iterable[RawFile]]]) -> None:
        """Store a whole run with its results and what belongs to them, or nothing of it."""
        with self._database.writing(f"run {run.run_id}") as connection:
            _insert_run(connection, run)
            for result, raw in results:
                _insert_result(connection, result, raw)

    def save_task(self, task: Task) -> None:
        """Store a task; one that is there stays, but learns what it was migrated from."""
        with self._database.writing(f"task {task.name}") as connection:
            _insert_task(connection, task)

    def forget(self, run_id: str, point_id: str) -> None:
        """Drop the result of one point, so that the run goes on with it."""
        with self._database.writing(f"that point {point_id} waits") as connection:
            connection.execute(delete(tables.results).where(_is(tables.results, run_id, point_id)))

    def runs(self) -> list[RunRecord]:
        """Every run, the latest first."""
        with self._database.reading() as connection:
            return _read_runs(connection, _latest_first())

    def find_run(self, name: str | None = None) -> RunRecord:
        """The run of that id or unambiguous start of an id; the latest for None. AT031 when there is none."""
        column = tables.runs.c.run_id
        with self._database.reading() as connection:
            if name is None:
                found = _read_runs(connection, _latest_first().limit(1))
            else:
                found = _read_runs(connection, _latest_first().where(column == name))
            if found:
                return found[0]
            hits = [] if not name else [str(item) for item in connection.scalars(_starting_with(name))]
            if len(hits) == 1:
                return _read_runs(connection, _latest_first().where(column == hits[0]))[0]
            known = [str(item) for item in connection.scalars(select(column).order_by(column.desc()).limit(_KNOWN_IDS))]
        if not known:
            raise UnknownNameError(diagnostic("AT031", "no run is stored yet", help="`autotune run` makes one"))
        if hits:
            names = ", ".join(hits[:_SHOWN_IDS]) + (" ..." if len(hits) > _SHOWN_IDS else "")
            raise UnknownNameError(diagnostic("AT031", f"{len(hits)} runs start with {name}", help=f"one of {names}"))
        raise UnknownNameError(diagnostic("AT031", f"no run is called {name}", help=suggest(name or "", known)))

    def has_run(self, run_id: str) -> bool:
        """Whether a run of that very id is stored."""
        with self._database.reading() as connection:
            return (
                connection.execute(select(tables.runs.c.run_id).where(tables.runs.c.run_id == run_id)).first()
                is not None
            )

    def unfinished_run(self, fingerprint: str) -> RunRecord | None:
        """The latest run of that fingerprint that is not finished.

        Not the latest run if that is not finished: ids begin with a time, and clocks are set back.
        """
        runs = tables.runs.c
        query = _latest_first().where((runs.fingerprint == fingerprint) & runs.finished_at.is_(None)).limit(1)
        with self._database.reading() as connection:
            return next(iter(_read_runs(connection, query)), None)

    def unfinished(self) -> list[RunRecord]:
        """The runs that are not finished, the latest first."""
        query = _latest_first().where(tables.runs.c.finished_at.is_(None))
        with self._database.reading() as connection:
            return _read_runs(connection, query)

    def failed_since(self, since: str, without: str) -> list[FailedBefore]:
        """The measured results that failed since a time (ISO 8601, UTC), in all runs but one."""
        runs, results = tables.runs.c, tables.results.c
        failed = (results.status == "failed") & (results.kind == "measured") & (results.finished_at >= since)
        found: list[FailedBefore] = []
        with self._database.reading() as connection:
            # By runs first, which have indexes: most of them ended long ago.
            recent = (runs.finished_at.is_(None) | (runs.finished_at >= since)) & runs.source.is_(None)
            query = select(runs.run_id, runs.environment).where(recent & (runs.run_id != without))
            machines = {str(name): machine or {} for name, machine in connection.execute(query)}
            names = list(machines)
            columns = (results.run_id, results.finished_at, results.failure, results.config, results.deployment)
            for start in range(0, len(names), _BATCH):
                wanted = results.run_id.in_(names[start : start + _BATCH]) & failed
                rows = connection.execute(select(*columns).where(wanted)).mappings()
                found += [read_failed_before(dict(row), machines[row["run_id"]]) for row in rows]
        return found

    def results(self, run_id: str | None = None) -> list[Result]:
        """The results of a run in the order of its points; of the latest run for None. Empty when nothing is stored.

        Raises InputError (AT031) for a run id that is not stored.
        """
        if run_id is None and self._is_empty():
            return []
        run = self.find_run(run_id)
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.results).where(tables.results.c.run_id == run.run_id)).mappings()
            measured = _by_point(connection, tables.measurements, run.run_id)
            predicted = _by_point(connection, tables.predictions, run.run_id)
            task = None if run.task is None else run.task.name
            found = [
                read_result(dict(row), measured[row["point_id"]], predicted[row["point_id"]], task) for row in rows
            ]
        place = {point: position for position, point in enumerate(run.points)}
        return sorted(found, key=lambda result: (place.get(result.point_id, len(place)), result.point_id))

    def run_stamp(self, run_id: str) -> str:
        """A short text that is another one whenever the run's record or one of its results changed; empty for an unknown run."""
        runs, results = tables.runs.c, tables.results.c
        counts = (func.count(), func.sum(results.attempts), func.max(results.started_at), func.max(results.finished_at))
        with self._database.reading() as connection:
            run = connection.execute(select(runs.finished_at).where(runs.run_id == run_id)).first()
            if run is None:
                return ""
            query = select(results.status, *counts).where(results.run_id == run_id).group_by(results.status)
            found = sorted(tuple(row) for row in connection.execute(query))
        return repr((run.finished_at, found))

    def statuses(self, run_id: str) -> dict[str, tuple[str, int]]:
        """(status, attempts) of the points of a run that have a result or are at work: what to look at often."""
        columns = (tables.results.c.point_id, tables.results.c.status, tables.results.c.attempts)
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).where(tables.results.c.run_id == run_id))
            return {str(point): (str(status), int(attempts)) for point, status, attempts in rows}

    def some_results(self, run_id: str, points: Iterable[str]) -> list[Result]:
        """The results of these points of a run, in no order; those that have none are left out."""
        wanted = list(points)
        found: list[Result] = []
        with self._database.reading() as connection:
            for start in range(0, len(wanted), _BATCH):
                found += read_results(connection, [(run_id, point) for point in wanted[start : start + _BATCH]])
        return found

    def result_page(
        self, wanted: ResultFilter, sort: Sort, offset: int, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        """One page of results of all runs as summaries, and how many there are in all."""
        with self._database.reading() as connection:
            return result_page(connection, wanted, sort, offset, limit)

    def run_page(
        self, offset: int, limit: int, *, executor: str | None = None, finished: bool | None = None
    ) -> tuple[list[RunRecord], int]:
        """One page of runs, the latest first, and how many there are in all."""
        with self._database.reading() as connection:
            ids, total = run_ids_page(connection, offset, limit, executor=executor, finished=finished)
            return _read_runs(connection, _latest_first().where(tables.runs.c.run_id.in_(ids))), total

    def result(self, run_id: str, point_id: str) -> Result:
        """One result. Raises UnknownNameError (AT031) for a run or point that is not stored, or has none yet."""
        run = self.find_run(run_id)
        with self._database.reading() as connection:
            found = read_results(connection, [(run.run_id, point_id)], None if run.task is None else run.task.name)
        if not found:
            raise UnknownNameError(
                diagnostic("AT031", f"run {run.run_id} has no result of a point {point_id}", help=suggest(point_id, run.points))
            )  # fmt: skip
        return found[0]

    def runs_of_task(self, task_hash: str) -> list[RunRecord]:
        """The runs that were made from this very text, the latest first."""
        with self._database.reading() as connection:
            return _read_runs(connection, _latest_first().where(tables.runs.c.task_hash == task_hash))

    def check(self) -> None:
        """Ask the database for something. Raises InputError (AT031) when it does not answer."""
        self._is_empty()

    def tasks(self) -> list[Task]:
        """Every task that a run was made from or that was migrated, by name."""
        with self._database.reading() as connection:
            order = (tables.tasks.c.name, tables.tasks.c.version, tables.tasks.c.task_hash)
            return [
                read_task(dict(row)) for row in connection.execute(select(tables.tasks).order_by(*order)).mappings()
            ]

    def task_page(self, offset: int, limit: int, version: int | None = None) -> tuple[list[Task], int]:
        """One page of tasks, by name, and how many there are in all."""
        columns = tables.tasks.c
        conditions = [] if version is None else [columns.version == version]
        order = (columns.name, columns.version, columns.task_hash)
        with self._database.reading() as connection:
            total = connection.execute(select(func.count()).select_from(tables.tasks).where(*conditions)).scalar_one()
            query = select(tables.tasks).where(*conditions).order_by(*order).offset(offset).limit(limit)
            return [read_task(dict(row)) for row in connection.execute(query).mappings()], int(total)

    def tasks_from(self, task_hash: str) -> list[Task]:
        """The tasks that were migrated from this one."""
        query = select(tables.tasks).where(tables.tasks.c.migrated_from == task_hash).order_by(tables.tasks.c.task_hash)
        with self._database.reading() as connection:
            return [read_task(dict(row)) for row in connection.execute(query).mappings()]

    def find_task(self, task_hash: str) -> Task | None:
        """The task of that hash; None when there is none."""
        query = select(tables.tasks).where(tables.tasks.c.task_hash == task_hash)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else read_task(dict(row))

    def raw(self, run_id: str, point_id: str) -> list[RawFile]:
        """The files that the load client of a point left, by name, unpacked."""
        query = select(tables.raw_outputs).where(_is(tables.raw_outputs, run_id, point_id))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(tables.raw_outputs.c.name)).mappings().all()
        return [read_raw(dict(row)) for row in rows]

    def runs_with(self, points: Iterable[str]) -> dict[str, str]:
        """Those of the points that have a result, and the (latest) run that it stands in."""
        wanted = list(points)
        found: dict[str, str] = {}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), _BATCH):
                column = tables.results.c.point_id
                query = select(column, func.max(tables.results.c.run_id)).where(
                    column.in_(wanted[start : start + _BATCH])
                )
                found |= {str(point): str(run) for point, run in connection.execute(query.group_by(column))}
        return found

    def problems(self) -> list[str]:
        """What the database finds wrong with itself (SQLite's integrity and foreign key checks), empty when it is whole."""
        return self._database.problems()

    def version(self) -> int:
        """A number that is another one when anything stored has changed since; see `Database.version`."""
        return self._database.version()

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_empty(self) -> bool:
        with self._database.reading() as connection:
            return connection.execute(select(tables.runs.c.run_id).limit(1)).first() is None


def _insert_run(connection: Connection, run: RunRecord) -> None:
    if run.task is not None:
        _insert_task(connection, run.task)
    connection.execute(insert(tables.runs).values(run_row(run)))


def _insert_task(connection: Connection, task: Task) -> None:
    if task.migrated_from is not None:
        change = update(tables.tasks).where(tables.tasks.c.task_hash == task.hash)
        connection.execute(change.values(migrated_from=task.migrated_from))
    # Two processes may store the same task at once: whoever is second finds it there.
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(tables.tasks).values(task_row(task)).on_conflict_do_nothing())


# Made once: a statement that carries its values is looked through again each time, which took longer than running it.
_DELETE_RESULT = delete(tables.results).where(
    (tables.results.c.run_id == bindparam("run")) & (tables.results.c.point_id == bindparam("point"))
)
_INSERT_RESULT = insert(tables.results)


def _insert_result(connection: Connection, result: Result, raw: Iterable[RawFile]) -> None:
    connection.execute(_DELETE_RESULT, {"run": result.run_id, "point": result.point_id})
    connection.execute(_INSERT_RESULT, result_row(result))
    if rows := measurement_rows(result):
        connection.execute(insert(tables.measurements), rows)
    if rows := prediction_rows(result):
        connection.execute(insert(tables.predictions), rows)
    for file in within_limits(raw):
        connection.execute(insert(tables.raw_outputs).values(raw_row(result.run_id, result.point_id, file)))


def _latest_first() -> Select[Any]:
    joined = tables.runs.outerjoin(tables.tasks, tables.runs.c.task_hash == tables.tasks.c.task_hash)
    task = [column.label(f"task_{column.name}") for column in tables.tasks.c if column.name != "task_hash"]
    return select(tables.runs, *task).select_from(joined).order_by(tables.runs.c.run_id.desc())


def _read_runs(connection: Connection, query: Select[Any]) -> list[RunRecord]:
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


def _starting_with(name: str) -> Select[Any]:
    """Ids by their start, as a range, which an index serves (ids are compared byte by byte in every database)."""
    column = tables.runs.c.run_id
    return select(column).where(column >= name, column < f"{name}\U0010ffff").order_by(column)


def _is(table: Any, run_id: str, point_id: str) -> Any:
    return (table.c.run_id == run_id) & (table.c.point_id == point_id)


def _by_point(connection: Connection, table: Any, run_id: str) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = defaultdict(list)
    query = select(table).where(table.c.run_id == run_id).order_by(table.c.point_id, table.c.position)
    for item in connection.execute(query).mappings():
        rows[item["point_id"]].append(item)
    return rows


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
    for start in range(0, len(runs), _BATCH):
        wanted = columns[0].in_(runs[start : start + _BATCH])
        for run_id, status, count in connection.execute(
            select(*columns, func.count()).where(wanted).group_by(*columns)
        ):
            counts[run_id][status] = count
    return counts
