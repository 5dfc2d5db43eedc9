"""Experiments: the points of all runs, with what came out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from autotune.run.interrupted import as_they_stand, has_died
from autotune.store import data_dir
from autotune.store.pages import ResultFilter, Sort
from autotune.store.rows import finite
from autotune.web.api.refusals import refusals
from autotune.web.api.shapes import ExperimentInFull, Experiments
from autotune.web.paging import Paged, answer, asked_as, finished, listed, page_body
from autotune.web.state import State

router = APIRouter(prefix="/api/v2", tags=["experiments"])


@router.get("/experiments", response_model=Experiments, responses=refusals(404), summary="Points of all runs")
async def list_experiments(
    request: Request,
    state: State,
    page: Paged,
    run: Annotated[str | None, Query(max_length=64, description="Only those of this run.")] = None,
    status: Annotated[
        Literal["done", "failed", "pruned", "running"] | None,
        Query(description="`running` finds what was interrupted as well: it is stored so."),
    ] = None,
    kind: Literal["measured", "emulated", "predicted"] | None = None,
    model: Annotated[str | None, Query(max_length=300, description="Only those of this model, by `model.id`.")] = None,
    sort: Annotated[Sort, Query(description="A column; `-` before it for the other way round.")] = "-run",
) -> Response:
    """In short, a page at a time; `/api/v2/experiments/{run_id}/{point_id}` has one in full."""
    runs = data_dir() / "runs"

    def make() -> tuple[bytes, int, dict[str, bool]]:
        wanted = ResultFilter(None if run is None else state.store.find_run(run).run_id, status, kind, model)
        items, total = state.store.result_page(wanted, sort, page.offset, page.limit)
        at_work = {item["run_id"] for item in items if item["status"] == "running"}
        died = {name: has_died(runs, name) for name in at_work}
        for item in items:
            if item["status"] == "running" and died[item["run_id"]]:
                item["status"] = "interrupted"
        return page_body(items, total, page), total, died

    asked = ("experiments", run, status, kind, model, sort, page)
    found = state.answers.find(asked)
    body, total, died = await asyncio.to_thread(state.answers.read, asked, make) if found is None else found
    if any(has_died(runs, name) != was for name, was in died.items()):  # which changes nothing in the store
        body, total, died = await asyncio.to_thread(make)
    response = listed(request, body, total, page)
    if not died and (kept := finished(response)) is not None:
        state.answers.keep(asked_as(request), kept, of=asked)
    return response


@router.get(
    "/experiments/{run_id}/{point_id}",
    response_model=ExperimentInFull,
    responses=refusals(404),
    summary="One point in full",
)
def show_experiment(request: Request, run_id: str, point_id: str, state: State) -> Response:
    """As `autotune results --format json` has it."""
    (result,) = as_they_stand([state.store.result(run_id, point_id)], data_dir() / "runs")
    return answer(request, finite(result.as_dict()))
