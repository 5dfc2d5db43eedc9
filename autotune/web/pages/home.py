"""Home: what runs now, what waits, and the latest runs with the best that they found."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from autotune.report.listing import best_tiles
from autotune.web.pages.rendering import render
from autotune.web.pages.running import Seen, look_at
from autotune.web.state import State, WebState

router = APIRouter()

_SHOWN = 12
#: Runs of more points than this do not have their best figures here: they take a second to read at first.
_MOST_POINTS = 2_000


@router.get("/")
def home(request: Request, state: State) -> HTMLResponse:
    return render(request, "home", **_now(state))


@router.get("/home/now")
def now(request: Request, state: State) -> HTMLResponse:
    """The part of the page that changes."""
    return render(request, "home_now", **_now(state))


def _now(state: WebState) -> dict[str, Any]:
    active = [item for item in look_at(state, state.store.unfinished()) if item.state in ("running", "queued")]
    at_work = [item for item in active if item.state == "running"]
    waiting = sorted((item for item in active if item.state == "queued"), key=lambda item: item.turn)
    latest, total = state.store.run_page(0, _SHOWN + len(active))
    names = {item.record.run_id for item in active}
    recent = look_at(state, [record for record in latest if record.run_id not in names][:_SHOWN])
    return {
        "at_work": [(item, _servers(state, item)) for item in at_work],
        "waiting": waiting,
        "recent": [(item, _best(state, item)) for item in recent],
        "more": max(0, total - len(active) - len(recent)),
        "anything": total > 0,
    }


def _servers(state: WebState, seen: Seen) -> list[dict[str, Any]]:
    servers: list[dict[str, Any]] = state.runs.scene(seen.record.run_id)["servers"]
    return servers


def _best(state: WebState, seen: Seen) -> dict[str, Any]:
    """Model, kind, and the best of each metric."""
    if not seen.settled or seen.record.point_count > _MOST_POINTS:
        return {"title": "", "kind": "", "tiles": []}
    report = state.runs.read(seen.record.run_id).report
    tiles = {tile["title"]: tile for tile in best_tiles(report)}
    wanted = ("Most output per GPU", "Lowest TPOT", "Lowest TTFT")
    return {"title": report.title, "kind": report.leading, "tiles": [tiles.get(name) for name in wanted]}
