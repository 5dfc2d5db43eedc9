"""Listings that grow with the store, a page at a time: only what the page shows is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import Select, and_, func, select

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

    def conditions(self) -> list[ColumnElement[bool]]:
        results = tables.results.c
        found = [
            column == value
            for column, value in (
                (results.run_id, self.run_id),
                (results.status, self.status),
                (results.kind, self.kind),
            )
            if value is not None
        ]
        if self.model is not None:
            found.append(results.config["model"]["id"].as_string() == self.model)
        if self.task is not None:
            found.append(results.run_id.in_(select(tables.runs.c.run_id).where(tables.runs.c.task_hash == self.task)))
        return found


def result_page(
    connection: Connection, wanted: ResultFilter, sort: Sort, offset: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """One page of results as flat summaries, and how many there are in all.

    A summary has what identifies the result, its overrides, score and failure, and the metrics of its best load.
    """
    results, best = tables.results.c, tables.measurements.c
    conditions = wanted.conditions()
    total = connection.execute(select(func.count()).select_from(tables.results).where(*conditions)).scalar_one()
    # The page first, by narrow columns; only its rows meet their measurements.
    page = (
        select(results.run_id, results.point_id).where(*conditions).order_by(*_order(sort)).offset(offset).limit(limit)
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
        .order_by(*_order(sort))
    )
    return [_summary(dict(row)) for row in connection.execute(query).mappings()], int(total)


def run_ids_page(
    connection: Connection, offset: int, limit: int, *, executor: str | None = None, finished: bool | None = None
) -> tuple[list[str], int]:
    """The ids of one page of runs, the latest first, and how many there are in all."""
    runs = tables.runs.c
    conditions = [] if executor is None else [runs.executor == executor]
    if finished is not None:
        conditions.append(runs.finished_at.is_not(None) if finished else runs.finished_at.is_(None))
    total = connection.execute(select(func.count()).select_from(tables.runs).where(*conditions)).scalar_one()
    query: Select[Any] = select(runs.run_id).where(*conditions).order_by(runs.run_id.desc())
    return [str(name) for name in connection.scalars(query.offset(offset).limit(limit))], int(total)


def _order(sort: Sort) -> Sequence[Any]:
    results = tables.results.c
    last = (results.run_id.desc(), results.point_id)
    if sort == "run":
        return results.run_id, results.point_id
    if sort == "-run":
        return last
    column = results.score if sort.endswith("score") else results.finished_at
    # What has none comes last either way, in every database. Downwards an index serves that order (not an expression's).
    if sort.startswith("-"):
        return column.desc().nulls_last(), *last
    return column.is_(None), column, *last


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
