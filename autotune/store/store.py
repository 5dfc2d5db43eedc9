"""The store: runs and their results, kept the moment they are there."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, delete, func, insert, select, update

from autotune.diagnostics import InputError, diagnostic, suggest
from autotune.store import tables
from autotune.store.database import open_database, usable
from autotune.store.places import store_path
from autotune.store.rows import measurement_rows, read_result, read_run, result_row, run_row

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from autotune.store.record import RunRecord
    from autotune.store.result import Result


class Store:
    """Runs and results in a database. Each call is one transaction; threads and processes may share a store.

    `location` is the path of a SQLite file, a database URL, or None for the user's own store. Every method raises
    InputError (AT031) when the database cannot be used.
    """

    def __init__(self, location: str | Path | None = None) -> None:
        self._engine = open_database(store_path() if location is None else location)

    def create_run(self, run: RunRecord) -> None:
        with usable(self._engine), self._engine.begin() as connection:
            connection.execute(insert(tables.runs).values(run_row(run)))

    def finish_run(self, run_id: str, finished_at: str) -> None:
        """Mark a run as finished: the same command then starts a new one."""
        with usable(self._engine), self._engine.begin() as connection:
            change = update(tables.runs).where(tables.runs.c.run_id == run_id).values(finished_at=finished_at)
            connection.execute(change)

    def save(self, result: Result) -> None:
        """Store a result in place of any earlier one of the same run and point."""
        with usable(self._engine), self._engine.begin() as connection:
            connection.execute(delete(tables.results).where(_is(result.run_id, result.point_id)))
            connection.execute(insert(tables.results).values(result_row(result)))
            if rows := measurement_rows(result):
                connection.execute(insert(tables.measurements), rows)

    def forget(self, run_id: str, point_id: str) -> None:
        """Drop the result of one point, so that the run goes on with it."""
        with usable(self._engine), self._engine.begin() as connection:
            connection.execute(delete(tables.results).where(_is(run_id, point_id)))

    def runs(self) -> list[RunRecord]:
        """Every run, the latest first."""
        with usable(self._engine), self._engine.connect() as connection:
            rows = connection.execute(select(tables.runs).order_by(tables.runs.c.run_id.desc())).mappings().all()
            counts = _counts(connection)
        return [read_run(dict(row), counts[row["run_id"]]) for row in rows]

    def find_run(self, name: str | None = None) -> RunRecord:
        """The run of that id or unambiguous start of an id; the latest for None. AT031 when there is none."""
        known = self.runs()
        hits = [run for run in known if name is None or run.run_id == name] or [
            run for run in known if name is not None and name and run.run_id.startswith(name)
        ]
        if name is None and hits:
            return hits[0]
        if len(hits) == 1:
            return hits[0]
        if not known:
            raise InputError(diagnostic("AT031", "no run is stored yet", help="`autotune run` makes one"))
        if hits:
            names = ", ".join(run.run_id for run in hits)
            raise InputError(diagnostic("AT031", f"{len(hits)} runs start with {name}", help=f"one of {names}"))
        raise InputError(
            diagnostic("AT031", f"no run is called {name}", help=suggest(name or "", [run.run_id for run in known]))
        )

    def unfinished_run(self, fingerprint: str) -> RunRecord | None:
        """The latest run of that fingerprint if it is not finished, else None."""
        same = [run for run in self.runs() if run.fingerprint == fingerprint]
        return same[0] if same and not same[0].finished else None

    def results(self, run_id: str | None = None) -> list[Result]:
        """The results of a run in the order of its points; of the latest run for None. Empty when nothing is stored.

        Raises InputError (AT031) for a run id that is not stored.
        """
        if run_id is None and not self.runs():
            return []
        run = self.find_run(run_id)
        with usable(self._engine), self._engine.connect() as connection:
            rows = (
                connection.execute(select(tables.results).where(tables.results.c.run_id == run.run_id)).mappings().all()
            )
            order = (tables.measurements.c.point_id, tables.measurements.c.position)
            query = select(tables.measurements).where(tables.measurements.c.run_id == run.run_id).order_by(*order)
            measured: dict[str, list[Any]] = defaultdict(list)
            for item in connection.execute(query).mappings():
                measured[item["point_id"]].append(item)
        place = {point: position for position, point in enumerate(run.points)}
        found = [read_result(dict(row), measured[row["point_id"]]) for row in rows]
        return sorted(found, key=lambda result: (place.get(result.point_id, len(place)), result.point_id))

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is(run_id: str, point_id: str) -> Any:
    return (tables.results.c.run_id == run_id) & (tables.results.c.point_id == point_id)


def _counts(connection: Connection) -> dict[str, dict[str, int]]:
    columns = (tables.results.c.run_id, tables.results.c.status)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for run_id, status, count in connection.execute(select(*columns, func.count()).group_by(*columns)):
        counts[run_id][status] = count
    return counts
