"""The tasks of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from autotune.store import tables
from autotune.store.part import Part
from autotune.store.rows import read_task
from autotune.store.writing import insert_task

if TYPE_CHECKING:
    from autotune.store.task import Task


class Tasks(Part):
    """Task files that runs were made from, or that were migrated."""

    def save_task(self, task: Task) -> None:
        """Store a task; one that is there stays, but learns what it was migrated from."""
        with self._database.writing(f"task {task.name}") as connection:
            insert_task(connection, task)

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
