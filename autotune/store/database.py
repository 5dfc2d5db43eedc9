"""Opening the database: SQLite by path, anything SQLAlchemy knows by URL."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, insert, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from autotune.diagnostics import InputError, diagnostic
from autotune.store.places import make_private
from autotune.store.tables import METADATA, SCHEMA_VERSION, schema_version

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How long one process waits for another's write, in ms.
BUSY_TIMEOUT_MS = 10_000


def open_database(location: str | Path) -> Engine:
    """The engine for a path of a SQLite file (made if it is not there) or a database URL, its tables in place.

    Raises InputError: AT031 for a database that cannot be used, AT030 for one whose driver is not installed.
    """
    url = _url(location)
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        make_private(Path(url.database).absolute().parent)
    try:
        engine = create_engine(url)
    except (NoSuchModuleError, ArgumentError) as error:
        raise _unusable(url, str(error)) from error
    except ModuleNotFoundError as error:
        raise InputError(
            diagnostic(
                "AT030", f"the store {shown(url)} needs the Python package `{error.name}`", help=f"install {error.name}"
            )
        ) from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    with usable(engine):
        try:
            _make_tables(engine)
        except (OperationalError, ProgrammingError, IntegrityError):
            _make_tables(engine)  # another process made them between the look and the making
    return engine


@contextmanager
def usable(engine: Engine) -> Iterator[None]:
    """Turn what the database refuses into an InputError (AT031) that names it."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _unusable(engine.url, str(getattr(error, "orig", None) or error)) from error


def shown(url: URL) -> str:
    """A database as messages name it: the file, or the URL without its password."""
    if url.get_backend_name() == "sqlite" and url.database:
        return str(url.database)
    return url.render_as_string(hide_password=True)


def _url(location: str | Path) -> URL:
    if isinstance(location, Path) or "://" not in location:
        return URL.create("sqlite", database=str(Path(location).expanduser()))
    try:
        return make_url(location)
    except ArgumentError as error:
        raise InputError(diagnostic("AT031", "the address of the store is not a database URL", help=_HELP)) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _make_tables(engine: Engine) -> None:
    METADATA.create_all(engine)
    with engine.begin() as connection:
        version = connection.execute(select(schema_version.c.version)).scalar()
        if version is None:
            connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
        elif version > SCHEMA_VERSION:
            raise _unusable(
                engine.url, f"it was written by a later autotune (tables of version {version}, known: {SCHEMA_VERSION})"
            )


_HELP = "name another store, or move this one out of the way: a new one is made where there is none"


def _unusable(url: URL, reason: str) -> InputError:
    return InputError(diagnostic("AT031", f"the store {shown(url)} cannot be used: {reason}", help=_HELP))
