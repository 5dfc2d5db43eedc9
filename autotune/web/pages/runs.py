"""Runs: all of them, and one of them live."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from autotune.report.axes import axis_pairs
from autotune.report.columns import entries_of
from autotune.report.failures import group_failures
from autotune.report.figure import pareto_figure
from autotune.report.page import show_time
from autotune.run.listing import STATES, list_runs
from autotune.store import RunRecord, data_dir
from autotune.web.pages.rendering import render
from autotune.web.pages.run_table import point_lines, show_duration, watched_columns
from autotune.web.pages.running import Seen, look_at
from autotune.web.reading import StoredRun
from autotune.web.state import State, WebState

router = APIRouter()

#: Runs on one page of the list.
_PER_PAGE = 50
_MOST_PAGES = 1_000_000
#: Points in the table of a run that is watched; the page of results has all.
_MOST_POINTS = 200
#: Points that a group of failures names.
_MOST_NAMED = 12


@router.get("/runs")
def runs(request: Request, state: State, page: int = 1, wanted: str = "") -> Response:
    """The latest runs, a page at a time; those in one state where one is asked for."""
    page = min(max(1, page), _MOST_PAGES)
    place, asked = ((page - 1) * _PER_PAGE, _PER_PAGE), next((item for item in STATES if item == wanted), None)
    shown: list[Seen] = []
    total = 0
    if asked is not None or not wanted:
        look = partial(look_at, state)
        shown, total = list_runs(state.store, data_dir() / "runs", look, place, asked)
    pages = max(1, -(-total // _PER_PAGE))
    if page > pages:
        return RedirectResponse(f"/runs?{urlencode({'wanted': wanted, 'page': pages})}", status_code=303)
    return render(request, "runs", runs=shown, page=page, pages=pages, wanted=wanted, states=STATES)


@router.get("/runs/{run_id}")
def run(request: Request, state: State, run_id: str) -> Response:
    record = state.store.find_run(run_id)
    if record.run_id != run_id:
        return RedirectResponse(f"/runs/{record.run_id}", status_code=303)
    return render(request, "run", **_now(state, record))


@router.get("/runs/{run_id}/now")
def now(request: Request, state: State, run_id: str) -> Response:
    """The part of the page that changes."""
    return render(request, "run_now", **_now(state, state.store.find_run(run_id)))


@router.get("/runs/{run_id}/figure")
def figure(state: State, run_id: str) -> JSONResponse:
    """The frontier as far as it is known, as plain data."""
    run = state.runs.read(run_id)
    report = run.report
    legend = dict(run.series.legend)
    series = {
        id(result): (run.series.index[place], legend.get(run.series.index[place], ""))
        for place, result in enumerate(report.results)
    }
    x, y = axis_pairs(report.objectives)[0]
    return JSONResponse(pareto_figure(entries_of([report], [""]), (x.objective.name, y.objective.name), series))


@router.post("/runs/{run_id}/cancel")
def cancel(state: State, run_id: str, at_once: Annotated[bool, Form(alias="now")] = False) -> Response:
    state.jobs.cancel(state.store.find_run(run_id), at_once=at_once)
    return RedirectResponse(f"/runs/{run_id}", status_code=303)


@router.post("/runs/{run_id}/resume")
def resume(state: State, run_id: str) -> Response:
    state.jobs.resume(state.store.find_run(run_id))
    return RedirectResponse(f"/runs/{run_id}", status_code=303)


def _now(state: WebState, record: RunRecord) -> dict[str, Any]:
    scene = state.runs.scene(record.run_id)
    stored = state.runs.read(record.run_id)
    report, run = stored.report, scene["run"]
    columns = watched_columns(report, scene["labels"].values())
    lines = point_lines(report, columns, alive=run["state"] == "running", most=_MOST_POINTS)
    settled = sum(run["counts"].get(name, 0) for name in ("done", "failed", "pruned"))
    moment = datetime.now(UTC)
    since = (run["worker"] or {}).get("since") if run["state"] == "running" else None
    return {
        "run": run,
        "record": record,
        "report": report,
        "title": report.title if report.results else record.run_id,
        "settled": settled,
        "share": 100 * settled / max(1, run["points"]),
        "running_for": "" if since is None else show_duration(since, moment),
        "gpus_used": sum(server["gpus"] for server in scene["servers"]),
        "servers": [
            server | {"for": show_duration(server["since"], moment), "log": scene["logs"].get(server["point_id"] or server["points"][0], "")}
            for server in scene["servers"]
        ],
        "run_log": scene["logs"].get("run", ""),
        "notes": scene["notes"],
        "columns": list(columns.items()),
        "lines": lines,
        "more": len(report.results) - len(lines),
        "waiting": run["waiting"],
        "failures": [_failure(stored, group) for group in group_failures(report.results)],
        "when": show_time(record.created_at),
        "ended": show_time(record.finished_at or ""),
    }  # fmt: skip


def _failure(run: StoredRun, group: Any) -> dict[str, Any]:
    named = [(item.point_id, run.report.number(item), run.report.label(item)) for item in group.results[:_MOST_NAMED]]
    return {"group": group, "points": named, "more": len(group.results) - len(named)}
