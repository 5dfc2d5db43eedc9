"""Listings that grow with the store, a page at a time: only what the page shows is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import and_, func, select

from autotune.store import tables
from autotune.store.rows import finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

Sort = Literal["run", "-run", "score", "-score", "finished_at", "-finished_at"]
SORTS: tuple[Sort, ...] = get_args(Sort)


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """Which results a listing holds; None leaves a column alone. `model` is `model.id` of the config."""

    run_id: str | None = None
    status: str | None = None
    kind: str | None = None
    model: str | None = None
    task: str | None = None

    def conditions(self, *, ordered: bool = False) -> list[ColumnElement[bool]]:
        """What a row has to fulfil. One condition at most may choose the index, and none by kind where the list is `ordered`
        by another column: a database that finds rows by one thing and sorts them by another sorts all that are stored.
        """
        results = tables.results.c
        found: list[ColumnElement[bool]] = []
        if self.run_id is not None:
            found.append(results.run_id == self.run_id)
        if self.task is not None:
            found.append(results.run_id.in_(select(tables.runs.c.run_id).where(tables.runs.c.task_hash == self.task)))
        model = None if self.model is None else tables.model_key(self.model)
        wanted = [(results.model, model), (results.status, self.status), (results.kind, self.kind)]
        if self.status != "done":  # few results have another status, and many may have the same model
            wanted[:2] = wanted[1::-1]
        for column, value in wanted:
            if value is not None:
                aside = bool(found) or (ordered and column is results.kind)
                found.append((func.coalesce(column, "") if aside else column) == value)
        return found


def result_page(
    connection: Connection, wanted: ResultFilter, sort: Sort, offset: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """One page of results as flat summaries, and how many there are in all.

    A summary has what identifies the result, its overrides, score and failure, and the metrics of its best load. What has
    no score (or has not ended, where the list is sorted by that) comes last either way.
    """
    total = _count(connection, wanted.conditions())
    if offset >= total:
        return [], total
    results, down = tables.results.c, sort.startswith("-")
    if sort.endswith("run"):
        by_run = (results.run_id.desc() if down else results.run_id, results.point_id)
        return _summaries(connection, wanted.conditions(), by_run, offset, limit), total
    column = results.score if sort.endswith("score") else results.finished_at
    # Just as an index has it, forwards or backwards; and in two halves, since databases differ in where NULL stands.
    order = [item.desc() if down else item.asc() for item in (column, results.run_id, results.point_id)]
    conditions = wanted.conditions(ordered=True)
    known = [*conditions, column.is_not(None)]
    found = _summaries(connection, known, order, offset, limit)
    if len(found) < limit:
        past = 0 if found or not offset else offset - _count(connection, known)
        found += _summaries(connection, [*conditions, column.is_(None)], order, past, limit - len(found))
    return found, total


def _count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    # That every id fulfils the last one has SQLite take the smallest of the indexes that begin the same.
    every = (*conditions, tables.results.c.run_id >= "") if conditions else ()
    return int(connection.execute(select(func.count()).select_from(tables.results).where(*every)).scalar_one())


def _summaries(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], order: Sequence[Any], offset: int, limit: int
) -> list[dict[str, Any]]:
    results, best = tables.results.c, tables.measurements.c
    # The page first, by what stands in an index; only its rows are read, and meet their measurements.
    page = (
        select(results.run_id, results.point_id).where(*conditions).order_by(*order).offset(offset).limit(limit)
    ).subquery()
    columns = (
        results.run_id, results.point_id, results.status, results.kind, results.overrides, results.score, results.best,
        results.failure, results.started_at, results.finished_at, results.attempts,
    )  # fmt: skip
    query = (
        select(*columns, best.scenario, best.concurrency, best.request_rate, best.metrics)
        .select_from(
            page.join(
                tables.results, and_(results.run_id == page.c.run_id, results.point_id == page.c.point_id)
            ).outerjoin(
                tables.measurements,
                and_(best.run_id == results.run_id, best.point_id == results.point_id, best.position == results.best),
            )
        )
        .order_by(*order)
    )
    return [_summary(dict(row)) for row in connection.execute(query).mappings()]


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    names = ("scenario", "concurrency", "request_rate", "metrics")
    scenario, concurrency, rate, metrics = (row.pop(name) for name in names)
    row.pop("best")
    failure = row.pop("failure")
    load = {"scenario": scenario, "concurrency": concurrency, "request_rate": rate}
    return {
        **row,
        "metrics": None if scenario is None else finite({**load, **metrics}),
        "failure": None if failure is None else {"kind": failure["kind"], "message": failure["message"]},
    }
