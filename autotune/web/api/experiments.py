"""Experiments: the points of all runs, with what came out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

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
    status: Literal["done", "failed", "pruned", "running"] | None = None,
    kind: Literal["measured", "emulated", "predicted"] | None = None,
    model: Annotated[str | None, Query(max_length=300, description="Only those of this model, by `model.id`.")] = None,
    sort: Annotated[Sort, Query(description="A column; `-` before it for the other way round.")] = "-run",
) -> Response:
    """In short, a page at a time; `/api/v2/experiments/{run_id}/{point_id}` has one in full."""

    def make() -> tuple[bytes, int]:
        wanted = ResultFilter(None if run is None else state.store.find_run(run).run_id, status, kind, model)
        items, total = state.store.result_page(wanted, sort, page.offset, page.limit)
        return page_body(items, total, page), total

    asked = ("experiments", run, status, kind, model, sort, page)
    found = state.answers.find(asked)
    body, total = await asyncio.to_thread(state.answers.read, asked, make) if found is None else found
    response = listed(request, body, total, page)
    if (kept := finished(response)) is not None:
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
    return answer(request, finite(state.store.result(run_id, point_id).as_dict()))
