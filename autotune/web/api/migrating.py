"""POST /api/v2/migrate: a v1 task as a v2 task file."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from autotune.migrate import migrate_text, report_data
from autotune.resources import folder
from autotune.web.api.refusals import refusals
from autotune.web.api.shapes import Migrated, OldTask
from autotune.web.paging import answer
from autotune.web.state import State

router = APIRouter(prefix="/api/v2", tags=["migrating"])


def executor_names() -> frozenset[str]:
    """The executors that a task may name."""
    return frozenset(path.stem for path in folder("conf").glob("executor/*.yaml"))


@router.post("/migrate", response_model=Migrated, responses=refusals(), summary="A v1 task as a v2 task")
def migrate(request: Request, old: OldTask, state: State) -> Response:
    """As `autotune migrate --format json`, with the text; nothing is kept. `POST /api/v1/tasks` keeps both."""
    catalog = state.workspace.world.catalog
    made = migrate_text(old.text, old.name, catalog, engine=old.engine, executors=executor_names())
    return answer(request, {"text": made.text, **report_data(made)})
