"""v1 tasks in today's store: each a task of version 1, the v2 task migrated from it, and that one's latest run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from autotune.diagnostics import InputError, diagnostic
from autotune.migrate import migrate_text
from autotune.run.listing import run_state
from autotune.run.pulse import take_pulse
from autotune.store import Task, data_dir
from autotune.store.rows import finite
from autotune.web.api.migrating import executor_names
from autotune.web.requested import MOST_RUN, read_request

if TYPE_CHECKING:
    from autotune.store import Result, RunRecord
    from autotune.web.state import WebState

#: Bits of an id: JavaScript's numbers hold 53.
_BITS = 48
_STATUS = {"queued": "running", "running": "running", "interrupted": "cancelled", "imported": "completed"}
_EXPERIMENT = {"running": "benchmarking", "done": "success", "failed": "failed", "pruned": "failed"}


@dataclass(frozen=True, slots=True)
class OldTask:
    """A v1 task as it was sent, what it became, and the latest run of that."""

    task: Task
    became: Task | None
    run: RunRecord | None

    @property
    def id(self) -> int:
        return number_of(self.task.hash)

    @property
    def data(self) -> dict[str, Any]:
        try:
            found = json.loads(self.task.text)
        except ValueError:  # one that `autotune migrate --keep` kept as YAML
            return {"task_name": self.task.name}
        return found if isinstance(found, dict) else {}


def number_of(text: str) -> int:
    """A number that stands for a text: v1 clients know tasks and experiments by numbers."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()) >> (256 - _BITS)


def old_tasks(state: WebState) -> list[OldTask]:
    """Every v1 task, by name."""
    found, _ = state.store.task_page(0, 10_000, 1)
    return [_old(state, task) for task in found]


def find_old(state: WebState, task_id: int) -> OldTask:
    """Raises HTTPException (404), in v1's words."""
    tasks, _ = state.store.task_page(0, 10_000, 1)
    for task in tasks:
        if number_of(task.hash) == task_id:
            return _old(state, task)
    raise HTTPException(404, f"Task {task_id} not found")


def find_old_named(state: WebState, name: str) -> OldTask | None:
    return next((old for old in old_tasks(state) if old.data.get("task_name") == name), None)


def keep_old(state: WebState, text: str, name: str) -> OldTask:
    """Keep a v1 task and the v2 task that it becomes. Raises InputError for one that becomes none, or none that compiles."""
    made = migrate_text(text, f"{name}.json", state.workspace.world.catalog, executors=executor_names())
    if made.text is None:
        raise InputError(diagnostic("AT025", made.entries[0].reason, help="name a runtime that says which engine it is, as in `vllm`"))  # fmt: skip
    read_request(state.workspace, made.text, (), task_name=f"{name}.v2.yaml", most=MOST_RUN)
    old = Task(text, f"{name}.json", version=1)
    new = Task(made.text, f"{name}.v2.yaml", migrated_from=old.hash)
    state.store.save_task(old)
    state.store.save_task(new)
    return OldTask(old, new, None)


def start_old(state: WebState, old: OldTask) -> None:
    """Have the task run. Raises InputError as `Jobs.start` does."""
    if old.became is None:
        raise InputError(diagnostic("AT025", f"nothing was made of task {old.task.name}", help="create it again"))
    points = read_request(state.workspace, old.became.text, (), task_name=old.became.name, most=MOST_RUN).compile()
    state.jobs.start(points, old.became.text, old.became.name, (), multirun=True)


def task_row(state: WebState, old: OldTask) -> dict[str, Any]:
    """A task as a v1 list has it."""
    data, run = old.data, None if old.run is None else state.store.find_run(old.run.run_id)
    best = None if run is None else _best(state, run)
    return {
        "id": old.id,
        "task_name": str(data.get("task_name") or old.task.name),
        "description": _text(data.get("description")),
        "status": "pending" if run is None else _status(state, run),
        "base_runtime": str(data.get("base_runtime") or ""),
        "total_experiments": 0 if run is None else len(run.points),
        "successful_experiments": 0 if run is None else run.counts.get("done", 0),
        "best_experiment_id": None if best is None or run is None else number_of(f"{run.run_id} {best}"),
        "created_at": None if run is None else run.created_at,
        "elapsed_time": None if run is None else _seconds(run.created_at, run.finished_at),
    }


def task_data(state: WebState, old: OldTask) -> dict[str, Any]:
    """A task as v1 gives it by its id."""
    fresh = _old(state, old.task)
    data, row = fresh.data, task_row(state, fresh)
    run = None if fresh.run is None else state.store.find_run(fresh.run.run_id)
    kept = {
        name: data.get(name) for name in ("model", "parameters", "optimization", "benchmark", "slo", "quant_config")
    }
    return {
        **row,
        **kept,
        "runtime_image_tag": _text(data.get("runtime_image_tag")),
        "deployment_mode": str(data.get("deployment_mode") or "docker"),
        "started_at": row["created_at"],
        "completed_at": None if run is None else run.finished_at,
    }


def experiment_data(state: WebState, old: OldTask) -> list[dict[str, Any]]:
    """The experiments of a task's latest run, in the order of its points."""
    if old.run is None:
        return []
    results = state.store.results(old.run.run_id)
    shared = set.intersection(*(set(item.overrides) for item in results)) if len(results) > 1 else set()
    numbers = {point: number for number, point in enumerate(old.run.points, start=1)}
    return [_experiment(item, old.id, numbers.get(item.point_id, 0), shared) for item in results]


def all_experiments(state: WebState) -> list[dict[str, Any]]:
    return [row for old in old_tasks(state) for row in experiment_data(state, old)]


def _old(state: WebState, task: Task) -> OldTask:
    became = next(iter(state.store.tasks_from(task.hash)), None)
    runs = [] if became is None else state.store.runs_of_task(became.hash)
    return OldTask(task, became, next(iter(runs), None))


def _experiment(result: Result, task_id: int, number: int, shared: set[str]) -> dict[str, Any]:
    own = [text for text in result.overrides if text not in shared]
    metrics = None if result.best is None else finite(result.measurements[result.best].as_dict())
    return {
        "id": number_of(f"{result.run_id} {result.point_id}"),
        "task_id": task_id,
        "experiment_id": number,
        "parameters": {text.partition("=")[0].lstrip("+"): text.partition("=")[2] for text in own},
        "status": _EXPERIMENT[result.status],
        "error_message": None if result.failure is None else result.failure.message,
        "metrics": metrics,
        "objective_score": result.score,
        "service_name": _text(result.deployment.get("name")),
        "service_url": None,
        "created_at": result.started_at,
        "started_at": result.started_at,
        "completed_at": result.finished_at,
        "elapsed_time": _seconds(result.started_at, result.finished_at),
    }


def _status(state: WebState, run: RunRecord) -> str:
    found = run_state(run, take_pulse(data_dir() / "runs" / run.run_id), queued=run.run_id in state.jobs.pending())
    if found == "finished":
        return "completed" if run.counts.get("done") else "failed"
    return _STATUS[found]


def _best(state: WebState, run: RunRecord) -> str | None:
    from autotune.store.pages import ResultFilter

    rows, _ = state.store.result_page(ResultFilter(run_id=run.run_id, status="done"), "score", 0, 1)
    return None if not rows or rows[0]["score"] is None else str(rows[0]["point_id"])


def _seconds(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
