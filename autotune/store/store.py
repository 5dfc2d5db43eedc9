"""The store: runs and their results, kept the moment they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from autotune.store.database import Database
from autotune.store.places import store_place
from autotune.store.results import Results
from autotune.store.tasks import Tasks
from autotune.store.writing import insert_result, insert_run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from autotune.store.raw import RawFile
    from autotune.store.record import RunRecord
    from autotune.store.result import Result


class Store(Results, Tasks):
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

    def save_run(self, run: RunRecord, results: Iterable[tuple[Result, Iterable[RawFile]]]) -> None:
        """Store a whole run with its results and what belongs to them, or nothing of it."""
        with self._database.writing(f"run {run.run_id}") as connection:
            insert_run(connection, run)
            for result, raw in results:
                insert_result(connection, result, raw)

    def check(self) -> None:
        """Ask the database for something. Raises InputError (AT031) when it does not answer."""
        self._is_empty()

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
