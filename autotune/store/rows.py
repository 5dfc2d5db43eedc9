"""Results as rows and back. Numbers that are not finite are left out: neither JSON nor SQL has them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autotune.metrics import Measurement
from autotune.store import tables
from autotune.store.record import FailedBefore, RunInputs, RunRecord, RunSummary
from autotune.store.result import Failure, Predicted, Result
from autotune.store.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.metrics import Kind

_LOAD = ("scenario", "concurrency", "request_rate")


def result_row(result: Result) -> dict[str, Any]:
    """The row of `results` for one result."""
    row: dict[str, Any] = {
        "run_id": result.run_id,
        "point_id": result.point_id,
        "status": result.status,
        "kind": result.kind,
        "overrides": list(result.overrides),
        "config": result.config,
        "model": tables.model_column(result.config),
        "deployment": result.deployment,
        "applied_layers": list(result.applied_layers),
        "origin": dict(result.origin),
        "best": result.best,
        "failure": None if result.failure is None else result.failure.as_dict(),
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "attempts": result.attempts,
        "environment": result.environment or None,
    }
    score = result.score
    return {**_storable(row), "score": score if score is not None and math.isfinite(score) else None}


def measurement_rows(result: Result) -> list[dict[str, Any]]:
    """The rows of `measurements` for one result, in order."""
    return [_load_row(result, position, item) for position, item in enumerate(result.measurements)]


def prediction_rows(result: Result) -> list[dict[str, Any]]:
    """The rows of `predictions` for one result, in order."""
    return [
        _load_row(result, position, item.measurement) | {"predictor": item.predictor, "predictor_version": item.version}
        for position, item in enumerate(result.predictions)
    ]


def read_result(
    row: Mapping[str, Any],
    measured: Iterable[Mapping[str, Any]],
    predicted: Iterable[Mapping[str, Any]] = (),
    task: str | None = None,
) -> Result:
    """A result from its row and the rows of its measurements and predictions, which are in order."""
    failure = row["failure"]
    return Result(
        run_id=row["run_id"],
        point_id=row["point_id"],
        status=row["status"],
        kind=row["kind"],
        overrides=tuple(row["overrides"]),
        config=row["config"],
        deployment=row["deployment"],
        applied_layers=tuple(row["applied_layers"]),
        origin=row["origin"],
        measurements=tuple(_read_load(item, row["kind"]) for item in measured),
        best=row["best"],
        score=row["score"],
        failure=None if failure is None else Failure(**failure),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        attempts=row["attempts"],
        predictions=tuple(
            Predicted(_read_load(item, "predicted"), item["predictor"], item["predictor_version"]) for item in predicted
        ),
        environment=row["environment"] or {},
        task=task,
    )


def run_row(run: RunRecord) -> dict[str, Any]:
    """The row of `runs` for one run. The text of its task stands in `tasks`, once for all runs of it."""
    return {
        "run_id": run.run_id,
        "fingerprint": run.fingerprint,
        "executor": run.executor,
        "points": list(run.points),
        "inputs": run.inputs.as_dict() | ({} if run.task is None else {"task": None}),
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "task_hash": None if run.task is None else run.task.hash,
        "environment": finite(run.environment) or None,
        "source": finite(run.source),
    }


def read_run(row: Mapping[str, Any], counts: Mapping[str, int], task: Task | None = None) -> RunRecord:
    """A run from its row, the number of its results by status, and its task."""
    inputs = RunInputs.from_dict(row["inputs"])
    return RunRecord(
        run_id=row["run_id"],
        fingerprint=row["fingerprint"],
        executor=row["executor"],
        points=tuple(row["points"]),
        inputs=inputs if task is None else replace(inputs, task=task.text),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        counts=dict(counts),
        environment=row["environment"] or {},
        source=row["source"],
    )


def read_summary(row: Mapping[str, Any], counts: Mapping[str, int]) -> RunSummary:
    """A run as lists show it, from its row and the number of its results by status."""
    return RunSummary(**{**row, "counts": dict(counts), "environment": row["environment"] or {}})


def read_failed_before(row: Mapping[str, Any], machine: Mapping[str, Any]) -> FailedBefore:
    """A failed result with where it is from, from its row and the environment of its run."""
    return FailedBefore(
        run_id=row["run_id"],
        host=str(machine.get("host") or ""),
        user=str(machine.get("user") or ""),
        finished_at=row["finished_at"],
        failure=Failure(**row["failure"]),
        config=row["config"],
        deployment=row["deployment"],
    )


def task_row(task: Task) -> dict[str, Any]:
    """The row of `tasks` for one task."""
    return {
        "task_hash": task.hash,
        "name": task.name,
        "version": task.version,
        "text": task.text,
        "migrated_from": task.migrated_from,
    }


def read_task(row: Mapping[str, Any]) -> Task:
    """A task from its row."""
    return Task(row["text"], row["name"], row["version"], row["migrated_from"])


def finite(data: Any) -> Any:
    """Plain data without the numbers that are not finite: they go from maps, and become null in lists."""
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items() if not _endless(value)}
    if isinstance(data, (list, tuple)):
        return [None if _endless(value) else finite(value) for value in data]
    return data


def _storable(row: dict[str, Any]) -> dict[str, Any]:
    """As `finite`, for what is written as JSON in any case: nearly all rows hold no such number, and C finds that out."""
    try:
        json.dumps(row, allow_nan=False)
    except ValueError:
        cleaned: dict[str, Any] = finite(row)
        return cleaned
    return row


def _load_row(result: Result, position: int, measurement: Measurement) -> dict[str, Any]:
    data = _storable(measurement.as_dict())
    load = {name: data.pop(name, None) for name in _LOAD}
    return {"run_id": result.run_id, "point_id": result.point_id, "position": position, **load, "metrics": data}


def _read_load(row: Mapping[str, Any], kind: Kind) -> Measurement:
    return Measurement.from_dict({name: row[name] for name in _LOAD} | row["metrics"], kind)


def _endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
