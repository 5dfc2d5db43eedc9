"""/api/v1: tasks and experiments in the shapes of v1, over today's store, so that clients of v1 go on.

A v1 task is kept as it was sent, beside the v2 task that it becomes; starting it runs that one. SOURCE of the shapes:
src/web/schemas and src/web/routes of inference-autotuner, the server that v1 clients were written for.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from autotune.web.api.old_tasks import (
    all_experiments,
    experiment_data,
    find_old,
    find_old_named,
    keep_old,
    old_tasks,
    start_old,
    task_data,
    task_row,
)
from autotune.web.api.refusals import refusals
from autotune.web.paging import answer
from autotune.web.state import State

router = APIRouter(prefix="/api/v1", tags=["v1"])

Status = Literal["pending", "running", "completed", "failed", "cancelled"]
#: Numbers are derived from hashes; JavaScript holds them whole.
Id = Annotated[int, Path(ge=0, le=2**53 - 1)]


class OldTaskCreate(BaseModel):
    """A v1 task; see docs/migrating.md for what its fields may hold."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "task_name": "qwen-tp",
                    "model": {"id_or_path": "Qwen/Qwen3-8B", "namespace": "autotuner"},
                    "base_runtime": "vllm",
                    "parameters": {"tp-size": [1, 2]},
                    "optimization": {"strategy": "grid_search", "objective": "minimize_latency"},
                    "benchmark": {"task": "text-to-text", "traffic_scenarios": ["D(100,100)"], "num_concurrency": [4]},
                }
            ]
        },
    )

    task_name: str = Field(min_length=1, max_length=200)
    model: dict[str, Any]
    base_runtime: str = Field(max_length=200)
    parameters: dict[str, Any]


class OldTaskRow(BaseModel):
    id: int
    task_name: str
    description: str | None
    status: Status
    base_runtime: str
    total_experiments: int
    successful_experiments: int
    best_experiment_id: int | None
    created_at: str | None = Field(description="When it was first started; null before.")
    elapsed_time: float | None = Field(description="In s.")


class OldTaskInFull(OldTaskRow):
    model: Any
    runtime_image_tag: str | None
    parameters: Any
    optimization: Any
    benchmark: Any
    slo: Any
    quant_config: Any
    deployment_mode: str
    started_at: str | None
    completed_at: str | None


class OldExperiment(BaseModel):
    id: int
    task_id: int
    experiment_id: int = Field(description="Number within its task, from 1 on.")
    parameters: dict[str, Any]
    status: Literal["pending", "deploying", "benchmarking", "success", "failed"]
    error_message: str | None
    metrics: dict[str, Any] | None
    objective_score: float | None
    service_name: str | None
    service_url: str | None
    created_at: str | None
    started_at: str | None
    completed_at: str | None
    elapsed_time: float | None


@router.post("/tasks/", status_code=201, response_model=OldTaskInFull, responses=refusals(), summary="Create a task")
@router.post("/tasks", status_code=201, response_model=OldTaskInFull, include_in_schema=False)
def create_task(request: Request, sent: OldTaskCreate, state: State) -> Response:
    """Both texts are kept: the v1 task, and the v2 task that it becomes."""
    if find_old_named(state, sent.task_name) is not None:
        raise HTTPException(400, f"Task '{sent.task_name}' already exists")
    text = json.dumps(sent.model_dump(exclude_unset=True), indent=2, ensure_ascii=False)
    return answer(request, task_data(state, keep_old(state, text, sent.task_name)), status=201)


@router.get("/tasks/", response_model=list[OldTaskRow], responses=refusals(), summary="List tasks")
@router.get("/tasks", response_model=list[OldTaskRow], include_in_schema=False)
def list_tasks(
    request: Request,
    state: State,
    skip: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    status_filter: Status | None = None,
) -> Response:
    rows = [task_row(state, task) for task in old_tasks(state)]
    rows = [row for row in rows if status_filter in (None, row["status"])]
    return answer(request, rows[skip : skip + limit])


@router.get(
    "/tasks/name/{task_name}", response_model=OldTaskInFull, responses=refusals(404), summary="Get a task by its name"
)
def show_task_named(request: Request, task_name: str, state: State) -> Response:
    found = find_old_named(state, task_name)
    if found is None:
        raise HTTPException(404, f"Task '{task_name}' not found")
    return answer(request, task_data(state, found))


@router.get("/tasks/{task_id}", response_model=OldTaskInFull, responses=refusals(404), summary="Get a task")
def show_task(request: Request, task_id: Id, state: State) -> Response:
    return answer(request, task_data(state, find_old(state, task_id)))


@router.post(
    "/tasks/{task_id}/start", response_model=OldTaskInFull, responses=refusals(404, 409, 507), summary="Start a task"
)
def start_task(request: Request, task_id: Id, state: State) -> Response:
    found = find_old(state, task_id)
    if task_row(state, found)["status"] != "pending":
        raise HTTPException(400, "Task must be in PENDING status to start")
    start_old(state, found)
    return answer(request, task_data(state, found))


@router.post(
    "/tasks/{task_id}/cancel", response_model=OldTaskInFull, responses=refusals(404, 409, 507), summary="Cancel a task"
)
def cancel_task(request: Request, task_id: Id, state: State) -> Response:
    found = find_old(state, task_id)
    if found.run is None or task_row(state, found)["status"] != "running":
        raise HTTPException(400, "Task is not running")
    state.jobs.cancel(found.run)
    return answer(request, task_data(state, found))


@router.get("/experiments/", response_model=list[OldExperiment], responses=refusals(), summary="List experiments")
@router.get("/experiments", response_model=list[OldExperiment], include_in_schema=False)
def list_experiments(request: Request, state: State) -> Response:
    """Those of all v1 tasks."""
    return answer(request, all_experiments(state))


@router.get(
    "/experiments/task/{task_id}",
    response_model=list[OldExperiment],
    responses=refusals(404),
    summary="List a task's experiments",
)
def list_task_experiments(request: Request, task_id: Id, state: State) -> Response:
    return answer(request, experiment_data(state, find_old(state, task_id)))


@router.get(
    "/experiments/{experiment_id}", response_model=OldExperiment, responses=refusals(404), summary="Get an experiment"
)
def show_experiment(request: Request, experiment_id: Id, state: State) -> Response:
    for row in all_experiments(state):
        if row["id"] == experiment_id:
            return answer(request, row)
    raise HTTPException(404, f"Experiment {experiment_id} not found")
