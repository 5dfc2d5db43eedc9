"""Runs, tasks and results into their tables, in the transaction that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.dialects import sqlite

from autotune.store import tables
from autotune.store.raw import raw_row, within_limits
from autotune.store.rows import measurement_rows, prediction_rows, result_row, run_row, task_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from autotune.store.raw import RawFile
    from autotune.store.record import RunRecord
    from autotune.store.result import Result
    from autotune.store.task import Task

# Made once: a statement that carries its values is looked through again each time, which took longer than running it.
_DELETE_RESULT = delete(tables.results).where(
    (tables.results.c.run_id == bindparam("run")) & (tables.results.c.point_id == bindparam("point"))
)
_INSERT_RESULT = insert(tables.results)


def insert_run(connection: Connection, run: RunRecord) -> None:
    if run.task is not None:
        insert_task(connection, run.task)
    connection.execute(insert(tables.runs).values(run_row(run)))


def insert_task(connection: Connection, task: Task) -> None:
    if task.migrated_from is not None:
        change = update(tables.tasks).where(tables.tasks.c.task_hash == task.hash)
        connection.execute(change.values(migrated_from=task.migrated_from))
    # Two processes may store the same task at once: whoever is second finds it there.
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(tables.tasks).values(task_row(task)).on_conflict_do_nothing())
    else:
        from sqlalchemy.dialects import postgresql  # here, since its drivers take 30 ms to import

        connection.execute(postgresql.insert(tables.tasks).values(task_row(task)).on_conflict_do_nothing())


def insert_result(connection: Connection, result: Result, raw: Iterable[RawFile]) -> None:
    """A result in place of any earlier one of the same run and point."""
    connection.execute(_DELETE_RESULT, {"run": result.run_id, "point": result.point_id})
    connection.execute(_INSERT_RESULT, result_row(result))
    if rows := measurement_rows(result):
        connection.execute(insert(tables.measurements), rows)
    if rows := prediction_rows(result):
        connection.execute(insert(tables.predictions), rows)
    for file in within_limits(raw):
        connection.execute(insert(tables.raw_outputs).values(raw_row(result.run_id, result.point_id, file)))
