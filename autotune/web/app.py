"""The application: pages and API over one state."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fastapi import Depends, FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from autotune import __version__
from autotune.store import Store
from autotune.web import problems
from autotune.web.answers import Answers
from autotune.web.api import API
from autotune.web.events import Watchers
from autotune.web.guard import Guard
from autotune.web.jobs import Jobs
from autotune.web.pages import PAGES, login
from autotune.web.rates import Rate
from autotune.web.reading import RunReader
from autotune.web.secrets import Keys
from autotune.web.state import WebState
from autotune.web.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from autotune.web.settings import WebSettings

_STATIC = Path(__file__).parent / "static"


def create_app(settings: WebSettings) -> FastAPI:
    """The application for these settings. The store is opened here and closed when the server ends."""
    store = Store(settings.store)
    jobs = Jobs(store, settings)
    watchers = Watchers(store, jobs.pending)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if not settings.read_only:
            jobs.open()
        yield
        watchers.close()
        await asyncio.to_thread(jobs.close)
        store.close()

    keys, answers = Keys(settings), Answers(store)
    app = FastAPI(
        title="autotune", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.web = WebState(
        settings,
        Workbench(),
        store,
        RunReader(store, jobs.pending),
        jobs,
        watchers,
        keys,
        Rate(0.1, 10.0),
        answers,
    )
    problems.register(app)
    app.add_middleware(Guard, settings=settings, keys=keys, answers=answers)
    app.add_api_route("/static/plotly.min.js", _plotly, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for router in API:
        app.include_router(router)
    app.include_router(login.router, include_in_schema=False)
    for router in PAGES:
        app.include_router(router, include_in_schema=False, dependencies=[Depends(login.check_form)])
    return app


def _plotly() -> FileResponse:
    script = resources.files("plotly").joinpath("package_data", "plotly.min.js")
    return FileResponse(cast("Path", script), media_type="text/javascript")
