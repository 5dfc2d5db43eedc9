"""Home: what runs now, and the latest runs."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from autotune.web.pages.rendering import render
from autotune.web.state import State

router = APIRouter()

_SHOWN = 20


@router.get("/")
def home(request: Request, state: State) -> HTMLResponse:
    return render(request, "home", runs=state.store.runs()[:_SHOWN])
