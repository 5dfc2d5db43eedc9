"""Results as rows and back. Numbers that are not finite are left out: neither JSON nor SQL has them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autotune.metrics import Measurement
from autotune.store.record import RunInputs, RunRecord
from autotune.store.result import Failure, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
        "deployment": result.deployment,
        "applied_layers": list(result.applied_layers),
        "origin": dict(result.origin),
        "best": result.best,
        "failure": None if result.failure is None else result.failure.as_dict(),
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "attempts": result.attempts,
    }
    score = result.score
    return {**finite(row), "score": score if score is not None and math.isfinite(score) else None}


def measurement_rows(result: Result) -> list[dict[str, Any]]:
    """The rows of `measurements` for one result, in order."""
    rows = []
    for position, measurement in enumerate(result.measurements):
        data = finite(measurement.as_dict())
        load = {name: data.pop(name, None) for name in _LOAD}
        rows.append(
            {"run_id": result.run_id, "point_id": result.point_id, "position": position, **load, "metrics": data}
        )
    return rows


def read_result(row: Mapping[str, Any], measured: Iterable[Mapping[str, Any]]) -> Result:
    """A result from its row and the rows of its measurements, which are in order."""
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
        measurements=tuple(
            Measurement.from_dict({name: item[name] for name in _LOAD} | item["metrics"], row["kind"])
            for item in measured
        ),
        best=row["best"],
        score=row["score"],
        failure=None if failure is None else Failure(**failure),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        attempts=row["attempts"],
    )


def run_row(run: RunRecord) -> dict[str, Any]:
    """The row of `runs` for one run."""
    return {
        "run_id": run.run_id,
        "fingerprint": run.fingerprint,
        "executor": run.executor,
        "points": list(run.points),
        "inputs": run.inputs.as_dict(),
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def read_run(row: Mapping[str, Any], counts: Mapping[str, int]) -> RunRecord:
    """A run from its row and the number of its results by status."""
    return RunRecord(
        run_id=row["run_id"],
        fingerprint=row["fingerprint"],
        executor=row["executor"],
        points=tuple(row["points"]),
        inputs=RunInputs.from_dict(row["inputs"]),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        counts=dict(counts),
    )


def finite(data: Any) -> Any:
    """Plain data without the numbers that are not finite: they go from maps, and become null in lists."""
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items() if not _endless(value)}
    if isinstance(data, (list, tuple)):
        return [None if _endless(value) else finite(value) for value in data]
    return data


def _endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
