"""The results of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from autotune.diagnostics import UnknownNameError, diagnostic, suggest
from autotune.store import tables
from autotune.store.pages import ResultFilter, Sort, result_page
from autotune.store.raw import RawFile, read_raw
from autotune.store.reading import BATCH, read_results, rows_by_point
from autotune.store.rows import read_failed_before, read_result
from autotune.store.runs import Runs
from autotune.store.writing import insert_result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.store.record import FailedBefore
    from autotune.store.result import Result


class Results(Runs):
    """What came out of each point of the runs."""

    def save(self, result: Result, raw: Iterable[RawFile] = ()) -> None:
        """Store a result in place of any earlier one of the same run and point, with the files its client left."""
        with self._database.writing(f"the result of point {result.point_id}") as connection:
            insert_result(connection, result, raw)

    def forget(self, run_id: str, point_id: str) -> None:
        """Drop the result of one point, so that the run goes on with it."""
        with self._database.writing(f"that point {point_id} waits") as connection:
            connection.execute(delete(tables.results).where(_is_point(tables.results, run_id, point_id)))

    def results(self, run_id: str | None = None) -> list[Result]:
        """The results of a run in the order of its points; of the latest run for None. Empty when nothing is stored.

        Raises InputError (AT031) for a run id that is not stored.
        """
        if run_id is None and self._is_empty():
            return []
        run = self.find_run(run_id)
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.results).where(tables.results.c.run_id == run.run_id)).mappings()
            measured = rows_by_point(connection, tables.measurements, run.run_id)
            predicted = rows_by_point(connection, tables.predictions, run.run_id)
            task = None if run.task is None else run.task.name
            found = [
                read_result(dict(row), measured[row["point_id"]], predicted[row["point_id"]], task) for row in rows
            ]
        place = {point: position for position, point in enumerate(run.points)}
        return sorted(found, key=lambda result: (place.get(result.point_id, len(place)), result.point_id))

    def some_results(self, run_id: str, points: Iterable[str]) -> list[Result]:
        """The results of these points of a run, in no order; those that have none are left out."""
        wanted = list(points)
        found: list[Result] = []
        with self._database.reading() as connection:
            for start in range(0, len(wanted), BATCH):
                found += read_results(connection, [(run_id, point) for point in wanted[start : start + BATCH]])
        return found

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

    def result_page(
        self, wanted: ResultFilter, sort: Sort, offset: int, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        """One page of results of all runs as summaries, and how many there are in all."""
        with self._database.reading() as connection:
            return result_page(connection, wanted, sort, offset, limit)

    def statuses(self, run_id: str) -> dict[str, tuple[str, int]]:
        """(status, attempts) of the points of a run that have a result or are at work: what to look at often."""
        columns = (tables.results.c.point_id, tables.results.c.status, tables.results.c.attempts)
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).where(tables.results.c.run_id == run_id))
            return {str(point): (str(status), int(attempts)) for point, status, attempts in rows}

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
            for start in range(0, len(names), BATCH):
                wanted = results.run_id.in_(names[start : start + BATCH]) & failed
                rows = connection.execute(select(*columns).where(wanted)).mappings()
                found += [read_failed_before(dict(row), machines[row["run_id"]]) for row in rows]
        return found

    def runs_with(self, points: Iterable[str]) -> dict[str, str]:
        """Those of the points that have a result, and the (latest) run that it stands in."""
        wanted = list(points)
        found: dict[str, str] = {}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), BATCH):
                column = tables.results.c.point_id
                query = select(column, func.max(tables.results.c.run_id)).where(
                    column.in_(wanted[start : start + BATCH])
                )
                found |= {str(point): str(run) for point, run in connection.execute(query.group_by(column))}
        return found

    def runs_of_points(self, points: Iterable[str]) -> list[str]:
        """The ids of the runs in which any of these points has a result, the latest first."""
        wanted, column = list(points), tables.results.c.run_id
        found: set[str] = set()
        with self._database.reading() as connection:
            for start in range(0, len(wanted), BATCH):
                some = tables.results.c.point_id.in_(wanted[start : start + BATCH])
                found |= {str(name) for name in connection.scalars(select(column).distinct().where(some))}
        return sorted(found, reverse=True)

    def raw(self, run_id: str, point_id: str) -> list[RawFile]:
        """The files that the load client of a point left, by name, unpacked."""
        query = select(tables.raw_outputs).where(_is_point(tables.raw_outputs, run_id, point_id))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(tables.raw_outputs.c.name)).mappings().all()
        return [read_raw(dict(row)) for row in rows]

    def _is_empty(self) -> bool:
        with self._database.reading() as connection:
            return connection.execute(select(tables.runs.c.run_id).limit(1)).first() is None


def _is_point(table: Any, run_id: str, point_id: str) -> Any:
    return (table.c.run_id == run_id) & (table.c.point_id == point_id)
