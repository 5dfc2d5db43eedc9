"""The runs of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, cast, func, select, update

from autotune.diagnostics import UnknownNameError, diagnostic, suggest
from autotune.store import tables
from autotune.store.part import Part
from autotune.store.reading import ANY_RUN, RunFilter, latest_first, read_runs, read_summaries, summaries
from autotune.store.writing import insert_run

if TYPE_CHECKING:
    from autotune.store.record import RunRecord, RunSummary

#: How many ids an error about an unknown one looks through for a close one.
_KNOWN_IDS = 1000
#: How many ids an error lists.
_SHOWN_IDS = 8


class Runs(Part):
    """Runs as they were started, and how far they are."""

    def create_run(self, run: RunRecord) -> None:
        with self._database.writing(f"run {run.run_id}") as connection:
            insert_run(connection, run)

    def finish_run(self, run_id: str, finished_at: str) -> None:
        """Mark a run as finished: the same command then starts a new one."""
        with self._database.writing(f"the end of run {run_id}") as connection:
            change = update(tables.runs).where(tables.runs.c.run_id == run_id).values(finished_at=finished_at)
            connection.execute(change)

    def runs(self, wanted: RunFilter = ANY_RUN) -> list[RunSummary]:
        """Every run that is wanted, the latest first."""
        with self._database.reading() as connection:
            return read_summaries(connection, summaries().where(*wanted.conditions()))

    def run_page(self, offset: int, limit: int, wanted: RunFilter = ANY_RUN) -> tuple[list[RunSummary], int]:
        """One page of runs, the latest first, and how many there are in all."""
        conditions = wanted.conditions()
        with self._database.reading() as connection:
            total = connection.execute(select(func.count()).select_from(tables.runs).where(*conditions)).scalar_one()
            query = summaries().where(*conditions).offset(offset).limit(limit)
            return read_summaries(connection, query), int(total)

    def find_run_of_point(self, start: str) -> RunRecord | None:
        """The latest run that has a point whose id starts so, with or without a result; None where there is none."""
        runs = tables.runs.c
        # Their points are JSON; whoever reads them all to look does so for a second at ten thousand runs. SQLite looks
        # at neither case nor accents here, so that what it finds is looked at again.
        named = cast(runs.points, Text).contains(f'"{start}', autoescape=True)
        query = select(runs.run_id, runs.points).where(named).order_by(runs.run_id.desc())
        with self._database.reading() as connection:
            for run_id, points in connection.execute(query):
                if any(point.startswith(start) for point in points):
                    return read_runs(connection, latest_first().where(runs.run_id == run_id))[0]
        return None

    def find_run(self, name: str | None = None) -> RunRecord:
        """The run of that id or unambiguous start of an id; the latest for None. AT031 when there is none."""
        column = tables.runs.c.run_id
        with self._database.reading() as connection:
            if name is None:
                found = read_runs(connection, latest_first().limit(1))
            else:
                found = read_runs(connection, latest_first().where(column == name))
            if found:
                return found[0]
            hits = [] if not name else [str(item) for item in connection.scalars(_starting_with(name))]
            if len(hits) == 1:
                return read_runs(connection, latest_first().where(column == hits[0]))[0]
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
        query = latest_first().where((runs.fingerprint == fingerprint) & runs.finished_at.is_(None)).limit(1)
        with self._database.reading() as connection:
            return next(iter(read_runs(connection, query)), None)

    def unfinished(self) -> list[RunRecord]:
        """The runs that are not finished, the latest first."""
        query = latest_first().where(tables.runs.c.finished_at.is_(None))
        with self._database.reading() as connection:
            return read_runs(connection, query)

    def runs_of_task(self, task_hash: str) -> list[RunRecord]:
        """The runs that were made from this very text, the latest first."""
        with self._database.reading() as connection:
            return read_runs(connection, latest_first().where(tables.runs.c.task_hash == task_hash))

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


def _starting_with(name: str) -> Select[Any]:
    """Ids by their start, as a range, which an index serves (ids are compared byte by byte in every database)."""
    column = tables.runs.c.run_id
    return select(column).where(column >= name, column < f"{name}\U0010ffff").order_by(column)
