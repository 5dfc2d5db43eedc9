"""Runs: list them, start, cancel and resume them, read their logs."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from autotune.diagnostics import UnknownNameError, diagnostic, suggest
from autotune.run.listing import run_data
from autotune.run.log_file import read_tail
from autotune.run.pulse import Vitals, take_pulse
from autotune.run.redact import mask
from autotune.run.words import printable
from autotune.store import data_dir
from autotune.store.reading import RunFilter
from autotune.web.api.refusals import refusals
from autotune.web.api.said import read_said, task_of
from autotune.web.api.shapes import Cancelling, Run, Running, Runs
from autotune.web.paging import Paged, answer, listing, tagged
from autotune.web.requested import MOST_RUN
from autotune.web.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.store import RunRecord, RunSummary
    from autotune.web.state import WebState

router = APIRouter(prefix="/api/v2", tags=["runs"])

_POINT = re.compile(r"[A-Za-z0-9._-]{1,128}")


@router.get("/runs", response_model=Runs, responses=refusals(), summary="Every run, the latest first")
def list_runs(
    request: Request,
    state: State,
    page: Paged,
    executor: Annotated[str | None, Query(max_length=32, description="Only runs on this executor.")] = None,
    finished: Annotated[bool | None, Query(description="Only runs that are finished, or that are not.")] = None,
) -> Response:
    records, total = state.answers.read(
        ("runs", page, executor, finished),
        lambda: state.store.run_page(page.offset, page.limit, RunFilter(executor, finished)),
    )
    return listing(request, runs_data(state, records), total, page)


@router.post("/runs", status_code=202, response_model=Run, responses=refusals(404, 409, 507), summary="Start a run")
def start_run(request: Request, said: Running, state: State) -> Response:
    """Have a sweep run as `autotune run` would, in a process of its own that outlives this server; it may have to wait in
    the queue. The same points that are unfinished go on where they were. Follow it at `/api/v2/runs/{run_id}/events`.
    """
    points = read_said(state, said, most=MOST_RUN).compile()
    record = state.jobs.start(
        points, task_of(state, said), "task.yaml", said.overrides, multirun=True, denied=said.deny
    )
    place = f"/api/v2/runs/{record.run_id}"
    return answer(request, runs_data(state, [record])[0], status=202, headers={"Location": place})


@router.get("/runs/{run_id}", response_model=Run, responses=refusals(404), summary="One run as it stands now")
def show_run(request: Request, run_id: str, state: State) -> Response:
    """By its id, or an unambiguous beginning of it."""
    return answer(request, runs_data(state, [state.store.find_run(run_id)])[0])


@router.post(
    "/runs/{run_id}/cancel", status_code=202, response_model=Run, responses=refusals(404, 409, 507), summary="End a run"
)
def cancel_run(
    request: Request, run_id: str, state: State, how: Annotated[Cancelling | None, Body()] = None
) -> Response:
    """Ask the process that works on it to end it in good order, as `autotune cancel` does; one that waits leaves the queue."""
    record = state.store.find_run(run_id)
    state.jobs.cancel(record, at_once=how is not None and how.now)
    return answer(request, runs_data(state, [record])[0], status=202)


@router.post(
    "/runs/{run_id}/resume",
    status_code=202,
    response_model=Run,
    responses=refusals(404, 409),
    summary="Go on with a run",
)
def resume_run(request: Request, run_id: str, state: State) -> Response:
    """Go on with a run that was interrupted, as `autotune resume` does."""
    record = state.store.find_run(run_id)
    state.jobs.resume(record)
    return answer(request, runs_data(state, [record])[0], status=202)


@router.get("/runs/{run_id}/log", responses=refusals(404) | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
            response_class=Response, summary="The end of a log")  # fmt: skip
def show_log(
    request: Request,
    run_id: str,
    state: State,
    point: Annotated[
        str | None, Query(max_length=128, description="Its server's log; without it, what the run itself printed.")
    ] = None,
) -> Response:
    """The last 128 kB, with the secrets of this machine hidden."""
    record = state.store.find_run(run_id)
    if point is None:
        path = state.jobs.log_path(record.run_id)
    elif point in record.points and _POINT.fullmatch(point):
        path = data_dir() / "runs" / record.run_id / "points" / point / "server.log"
    else:
        raise UnknownNameError(
            diagnostic("AT031", f"run {record.run_id} has no point {point}", help=suggest(point, record.points))
        )
    text = printable(mask(read_tail(path), os.environ))
    return tagged(request, text.encode(), "text/plain; charset=utf-8")


def runs_data(state: WebState, records: Sequence[RunRecord | RunSummary]) -> list[dict[str, Any]]:
    """These runs as `autotune runs --format json` has them."""
    pending = state.jobs.pending() if any(not record.finished for record in records) else set()
    return [run_data(record, _vitals(record), queued=record.run_id in pending) for record in records]


def _vitals(record: RunRecord | RunSummary) -> Vitals:
    """Who works on a run; nobody does on one that is over."""
    over = record.finished or record.source is not None
    return Vitals(None, None) if over else take_pulse(data_dir() / "runs" / record.run_id)
