"""The tables of a store: made where there are none, taken to today's version where they are older.

Only a store that is not of today's version is looked at twice, under a lock that a second process waits for; Alembic is
imported only for one that is older.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, inspect, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from autotune.store.tables import HEAD, METADATA, results, schema
from autotune.store.troubles import OTHER_STORE, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

_log = logging.getLogger(__name__)
#: Where a store from before the first release holds its version.
_UNRELEASED_TABLE = "schema_version"
_UNRELEASED = "0000"
#: From so many results on it takes more than some seconds to bring a store up to date (SQLite, docs/scaling.md), by the result.
_MANY, _UPGRADE_S = 30_000, 258 / 1e6
#: Any number that no other program's advisory lock has.
_POSTGRES_LOCK = 0x6175746F  # "auto"


def ensure_schema(engine: Engine, name: str, *, read_only: bool) -> None:
    """Bring the tables of a store to today's version. Raises InputError (AT031) for one that a later autotune wrote, for
    another program's SQLite file, and for one that would have to be changed and cannot be.
    """
    found = _version(engine)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise _later(name, found)
    if read_only:
        raise unusable(
            name,
            "an older autotune wrote it, and it cannot be written to bring it up to date"
            if found
            else "it holds no results",
            help="copy it to where it can be written and name the copy",
        )
    with _alone(engine) as connection:
        found = read_version(connection)  # another process may have been here since
        if found is None and inspect(connection).get_table_names() and connection.dialect.name == "sqlite":
            raise unusable(name, "it is the database of another program", help=f"it is left as it is; {OTHER_STORE}")
        if found is None:
            METADATA.create_all(connection, checkfirst=False)
            connection.execute(insert(schema).values(version_num=HEAD))
        elif found > HEAD:
            raise _later(name, found)
        elif found < HEAD:
            _say_how_long(connection, name)
            upgrade(connection, found)


def _say_how_long(connection: Connection, name: str) -> None:
    """A step goes over every result, and whoever waits for minutes wants to know what for."""
    if not inspect(connection).has_table(results.name):
        return
    count = connection.execute(select(func.count()).select_from(results)).scalar() or 0
    if count >= _MANY:
        minutes = max(1, round(count * _UPGRADE_S / 60))
        _log.warning(
            "%s is brought up to date for this version of autotune: %s results, about %d min; all of it or nothing, "
            "if you interrupt it", name, f"{count:,}", minutes,
        )  # fmt: skip


def read_version(connection: Connection) -> str | None:
    """The version of the tables; None where there are none of ours."""
    tables = inspect(connection)
    if tables.has_table(schema.name):
        return connection.execute(select(schema.c.version_num)).scalar() or _UNRELEASED
    return _UNRELEASED if tables.has_table(_UNRELEASED_TABLE) else None


def upgrade(connection: Connection, found: str | None, target: str = HEAD) -> None:
    """Run the steps from one version to another, in the transaction that is open. `None` starts from no tables at all."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("autotune.store").joinpath("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    if found == _UNRELEASED and not inspect(connection).has_table(schema.name):
        command.stamp(config, _UNRELEASED)
    command.upgrade(config, target)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction for all changes, which no other process is in at the same time."""
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})")
        yield connection


def _version(engine: Engine) -> str | None:
    """The version by one cheap query, for the common case; anything unusual is left to `read_version`."""
    with engine.connect() as connection:
        try:
            return connection.execute(select(schema.c.version_num)).scalar()
        except (OperationalError, ProgrammingError):  # no such table; what else is wrong comes up again
            connection.rollback()
            return read_version(connection)


def _later(name: str, found: str) -> Exception:
    return unusable(
        name,
        f"a later autotune wrote it (tables of version {found}, known: {HEAD})",
        help="upgrade autotune: `pip install -U llm-autotune`; or name another store",
    )
