"""Task files that are kept: those that runs were made from, and those that were sent here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from autotune.diagnostics import UnknownNameError, diagnostic, hide_secrets
from autotune.store import Task
from autotune.web.api.refusals import refusals
from autotune.web.api.shapes import NewTask, TaskInFull, Tasks
from autotune.web.paging import Paged, answer, listing
from autotune.web.requested import MOST_RUN, read_request
from autotune.web.state import State

if TYPE_CHECKING:
    from autotune.web.state import WebState

router = APIRouter(prefix="/api/v2", tags=["tasks"])

Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the text.")]


@router.get("/tasks", response_model=Tasks, responses=refusals(), summary="Every task, by name")
def list_tasks(
    request: Request,
    state: State,
    page: Paged,
    version: Annotated[Literal["1", "2"] | None, Query(description="1 for flat tasks, 2 for grouped ones.")] = None,
) -> Response:
    tasks, total = state.store.task_page(page.offset, page.limit, None if version is None else int(version))
    return listing(request, [_short(task) for task in tasks], total, page)


@router.post("/tasks", status_code=201, response_model=TaskInFull, responses=refusals(), summary="Keep a task")
def keep_task(request: Request, sent: NewTask, state: State) -> Response:
    """A v2 task file that can be compiled; `POST /api/v2/runs` with its hash runs it. The same text is kept once."""
    read_request(state.workspace, sent.text, (), task_name=sent.name, most=MOST_RUN)
    task = Task(sent.text, sent.name)
    state.store.save_task(task)
    kept = _find(state, task.hash)
    return answer(request, _full(kept), status=201, headers={"Location": f"/api/v2/tasks/{task.hash}"})


@router.get("/tasks/{task_hash}", response_model=TaskInFull, responses=refusals(404), summary="One task with its text")
def show_task(request: Request, task_hash: Hash, state: State) -> Response:
    return answer(request, _full(_find(state, task_hash)))


def _find(state: WebState, task_hash: str) -> Task:
    task = state.store.find_task(task_hash)
    if task is None:
        raise UnknownNameError(
            diagnostic("AT031", f"no task has the hash {task_hash}", help="GET /api/v2/tasks lists them")
        )
    return task


def _short(task: Task) -> dict[str, Any]:
    return {"hash": task.hash, "name": task.name, "version": task.version, "migrated_from": task.migrated_from}


def _full(task: Task) -> dict[str, Any]:
    return {**_short(task), "text": hide_secrets(task.text)}
