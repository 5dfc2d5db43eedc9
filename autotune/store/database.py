"""Opening the database: SQLite by path, PostgreSQL and what else SQLAlchemy knows by URL."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from autotune.diagnostics import InputError, diagnostic
from autotune.store.address import read_address, shown, without_password
from autotune.store.places import make_private
from autotune.store.schema import ensure_schema
from autotune.store.troubles import refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

#: How long one process waits for another's write, in ms.
BUSY_TIMEOUT_MS = 10_000
#: How long to wait for a database server to answer, in s.
_CONNECT_TIMEOUT_S = 10
_RETRY_S = 0.02


class Database:
    """A database that is open, its tables of today's version."""

    def __init__(self, location: str | Path) -> None:
        """Open the SQLite file at a path (made if it is not there) or the database of a URL.

        A SQLite file where nothing can be written is opened for reading. Raises InputError: AT031 for a database that
        cannot be used, AT030 for one whose driver is not installed.
        """
        url = read_address(location)
        self.name = shown(url)
        self._url = url
        self.read_only = (
            url.get_backend_name() == "sqlite" and url.database is not None and _only_readable(url.database)
        )
        self.engine = self._make_engine()
        self._version_connection: Connection | None = None
        self._version_lock = threading.Lock()
        try:
            with self._refusals(None):
                ensure_schema(self.engine, self.name, read_only=self.read_only)
        except BaseException:
            self.engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read on. What the database refuses is an InputError (AT031)."""
        with self._refusals(None), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, what: str) -> Iterator[Connection]:
        """A connection with one transaction, written when the block ends. `what` says in an error what was not stored."""
        if self.read_only:
            raise unusable(
                self.name,
                "it can only be read",
                what,
                "name a store that can be written, with --store or AUTOTUNE_STORE",
            )
        with self._refusals(what), self.engine.begin() as connection:
            yield connection

    def version(self) -> int:
        """A number that is another one when anybody has changed the data. Where the database does not say (SQLite does, within
        one connection, which is kept for it), it changes every second.
        """
        if self.engine.dialect.name != "sqlite" or self.read_only:
            return int(time.monotonic())
        with self._version_lock, self._refusals(None):
            if self._version_connection is None:
                self._version_connection = self.engine.connect()
                # No transaction stays open: it would see the data as it was.
                self._version_connection = self._version_connection.execution_options(isolation_level="AUTOCOMMIT")
            return int(self._version_connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    def close(self) -> None:
        with self._version_lock:
            if self._version_connection is not None:
                self._version_connection.close()
                self._version_connection = None
        self.engine.dispose()

    def problems(self) -> list[str]:
        """What the database finds wrong with itself, empty when it is whole."""
        if self.engine.dialect.name != "sqlite":
            return []
        with self.reading() as connection:
            found = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
            orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
        return found + [f"row {row[1]} of {row[0]} belongs to no {row[2]}" for row in orphans]

    @contextmanager
    def _refusals(self, what: str | None) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise self._safe(refused(error, self.name, what, BUSY_TIMEOUT_MS / 1000)) from None

    def _safe(self, error: InputError) -> InputError:
        """Drivers may repeat what they were given; a password is not shown, not even as part of a longer message."""
        found = error.diagnostics[0]
        return type(error)(diagnostic(found.code, without_password(found.message, self._url), help=found.help or ""))

    def _make_engine(self) -> Engine:
        url = self._url
        try:
            if url.get_backend_name() == "sqlite":
                return self._make_sqlite(url)
            engine = create_engine(url, pool_pre_ping=True, connect_args=_connect_arguments(url))
        except (NoSuchModuleError, ArgumentError) as error:
            raise self._safe(unusable(self.name, str(error))) from None
        except ModuleNotFoundError as error:
            extra = "llm-autotune[postgres]" if url.get_backend_name() == "postgresql" else str(error.name)
            raise InputError(
                diagnostic(
                    "AT030",
                    f"the store {self.name} needs the Python package `{error.name}`",
                    help=f"pip install '{extra}'",
                )
            ) from None
        if engine.dialect.name == "postgresql":
            event.listen(engine, "connect", _prepare_postgres)
        return engine

    def _make_sqlite(self, url: URL) -> Engine:
        if not self.read_only:
            if url.database is not None:
                make_private(Path(url.database).parent)
            engine = create_engine(url)
            event.listen(engine, "connect", _prepare_sqlite)
            return engine
        # Nothing changes a file that cannot be written, so no lock is needed, which could not be made either; but what
        # stands in a write-ahead log beside it would be passed over, so with one SQLite is left to find its way.
        log = Path(f"{url.database}-wal")
        unchanging = "" if log.exists() and log.stat().st_size else "&immutable=1"
        address = f"file:{quote(str(url.database))}?mode=ro{unchanging}"
        return create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(address, uri=True, check_same_thread=False),
            poolclass=QueuePool,
        )


def _only_readable(path: str) -> bool:
    """Whether a file is there and neither it nor its folder can be written (a file system mounted read-only, say)."""
    file = Path(path)
    return file.is_file() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _switch_to_wal(cursor)
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """SQLite does not wait for the lock that this takes once in a file's life, so the waiting is done here."""
    end = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_RETRY_S)
        else:
            return


def _connect_arguments(url: URL) -> dict[str, Any]:
    if url.get_backend_name() != "postgresql":
        return {}
    defaults = {"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "autotune"}
    return {name: value for name, value in defaults.items() if name not in url.query}


def _prepare_postgres(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
    connection.commit()
