"""One experiment as stored and reported: what was asked, what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from autotune.metrics import Kind, Measurement

#: `interrupted` is never stored: readers say it of what is stored as running, of a run that nobody works on any more.
Status = Literal["done", "failed", "pruned", "running", "interrupted"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an experiment failed. `kind` is the class that decides on retries and remedies.

    `refused` is a point that was pruned before it ran: the checks found an error in it. `cooling_down` is one whose server
    failed to load in another run a short while ago. `phase` is when a server failed: before it was ready, or under load.
    """

    kind: Literal[
        "out_of_memory",
        "start_crash",
        "not_ready",
        "image",
        "unschedulable",
        "benchmark",
        "killed",
        "infrastructure",
        "timeout",
        "refused",
        "cooling_down",
    ]
    message: str
    remedy: str = ""
    log_tail: str = ""
    phase: Literal["start", "benchmark"] | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "phase": self.phase,
            "message": self.message,
            "remedy": self.remedy,
            "log_tail": self.log_tail,
        }


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a predictor said about one load before it was measured, with the predictor's name and version."""

    measurement: Measurement
    predictor: str
    version: str

    def as_dict(self) -> dict[str, Any]:
        return {"predictor": self.predictor, "version": self.version, **self.measurement.as_dict()}


@dataclass(frozen=True, slots=True)
class Result:
    """One point of one run.

    `measurements` holds every load measured on the point's server; `best` is the index of the one that ranks first
    under the point's objectives, None when there is none. `predictions` are for the same loads, where there was a
    predictor. `deployment` is `Deployment.as_dict()`. `environment` is what ran, where that is known: the engine's own
    version, the image and its digest (the machine is the run's).
    """

    run_id: str
    point_id: str
    status: Status
    kind: Kind
    overrides: tuple[str, ...]
    config: dict[str, Any]
    deployment: dict[str, Any]
    applied_layers: tuple[str, ...] = ()
    origin: dict[str, str] = field(default_factory=dict)
    measurements: tuple[Measurement, ...] = ()
    best: int | None = None
    score: float | None = None
    failure: Failure | None = None
    started_at: str | None = None
    """ISO 8601, UTC."""
    finished_at: str | None = None
    attempts: int = 1
    predictions: tuple[Predicted, ...] = ()
    environment: dict[str, Any] = field(default_factory=dict)
    task: str | None = None
    """Name of the task file that the run was made from; the run has its text."""

    @property
    def best_prediction(self) -> Predicted | None:
        """The prediction for the load that ranks first."""
        if self.best is None:
            return None
        load = self.measurements[self.best].load
        return next((item for item in self.predictions if item.measurement.load == load), None)

    def as_dict(self) -> dict[str, Any]:
        """One element of `results --format json`. `metrics` is the best measurement, `measurements` are all of them."""
        rows = [item.as_dict() for item in self.measurements]
        return {
            "run_id": self.run_id,
            "point_id": self.point_id,
            "status": self.status,
            "kind": self.kind,
            "overrides": list(self.overrides),
            "config": self.config,
            "metrics": None if self.best is None else rows[self.best],
            "measurements": rows,
            "predicted": [item.as_dict() for item in self.predictions],
            "score": self.score,
            "failure": None if self.failure is None else self.failure.as_dict(),
            "deployment": self.deployment,
            "applied_layers": list(self.applied_layers),
            "origin": dict(self.origin),
            "environment": dict(self.environment),
            "task": self.task,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "attempts": self.attempts,
        }
