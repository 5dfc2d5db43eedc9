"""One run as stored: what was asked for, with which inputs, and how far it got."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from autotune.store.task import Task

if TYPE_CHECKING:
    from autotune.store.result import Failure


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What the points of a run were compiled from, so that `autotune resume` can compile them again.

    `overrides` are as typed; `task` is the text of the task file, `task_path` where it was; `cwd` the folder that
    relative paths are relative to; `multirun` is whether `-m` was given; `config_dirs` are further folders of config groups; `denied` are the codes
    that `--deny` named.
    """

    overrides: tuple[str, ...] = ()
    task: str | None = None
    task_path: str | None = None
    cwd: str = ""
    multirun: bool = False
    config_dirs: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "overrides": list(self.overrides),
            "task": self.task,
            "task_path": self.task_path,
            "cwd": self.cwd,
            "multirun": self.multirun,
            "config_dirs": list(self.config_dirs),
            "denied": list(self.denied),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RunInputs:
        """The inverse of `as_dict`."""
        return cls(**{**data, **{name: tuple(data.get(name, ())) for name in ("overrides", "config_dirs", "denied")}})


@dataclass(frozen=True, slots=True)
class FailedBefore:
    """A failed result with the run, the machine and the user that it is of; the last two are empty where they are not known."""

    run_id: str
    host: str
    user: str
    finished_at: str
    """ISO 8601, UTC."""
    failure: Failure
    config: dict[str, Any]
    deployment: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run as lists show it: all but its points and inputs, which are most of it."""

    run_id: str
    executor: str
    point_count: int
    counts: dict[str, int]
    created_at: str
    finished_at: str | None
    task_name: str | None
    task_hash: str | None
    environment: dict[str, Any]
    source: dict[str, Any] | None

    @property
    def finished(self) -> bool:
        return self.finished_at is not None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a listing."""
        return {
            "run_id": self.run_id,
            "executor": self.executor,
            "points": self.point_count,
            "counts": dict(self.counts),
            "created_at": self.created_at,
            "finished_at": self.finished_at,
            "task": None if self.task_hash is None else {"name": self.task_name, "hash": self.task_hash},
            "environment": dict(self.environment),
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. `points` are the ids of all its points in order; `counts` says how many results have which status."""

    run_id: str
    fingerprint: str
    executor: str
    points: tuple[str, ...]
    inputs: RunInputs
    created_at: str
    """ISO 8601, UTC."""
    finished_at: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    """The machine it was started on, as `autotune.run.environment` found it."""
    source: dict[str, Any] | None = None
    """Where an imported run is from: tool, its version, folder. None for a run of autotune's own."""

    @property
    def task(self) -> Task | None:
        """The task file that it was made from."""
        if self.inputs.task is None:
            return None
        return Task(self.inputs.task, PurePath(self.inputs.task_path or "task").name)

    @property
    def finished(self) -> bool:
        return self.finished_at is not None

    @property
    def point_count(self) -> int:
        return len(self.points)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a listing. The inputs are left out: they are for resuming, and may hold what was typed in private."""
        task = self.task
        name, content = (None, None) if task is None else (task.name, task.hash)
        return RunSummary(
            self.run_id, self.executor, self.point_count, self.counts, self.created_at, self.finished_at, name, content,
            self.environment, self.source,
        ).as_dict()  # fmt: skip
