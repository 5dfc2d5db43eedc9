"""What a run says while it runs. Whoever listens (a terminal, a web page) is a `Reporter`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from autotune.diagnostics import Diagnostic
    from autotune.store.result import Failure, Result


@dataclass(frozen=True, slots=True)
class RunOpened:
    """A run starts, or goes on: `waiting` of its points are still to be run. `labels` names every point for people.

    Where a strategy chooses among them, `strategy` is its name and `most` how many points are settled in the end at most.
    """

    run_id: str
    folder: Path
    executor: str
    labels: dict[str, str]
    waiting: int
    resumed: bool
    strategy: str | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """Something to know that is no error."""

    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class ServerStarting:
    """A server is being started for these points. `attempt` counts from 1. `devices` are the GPUs it was given and `cpus`
    the CPU threads, empty where they are not told apart.
    """

    deployment: str
    points: tuple[str, ...]
    gpus: int
    attempt: int
    devices: tuple[str, ...] = ()
    cpus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ImagePulling:
    """The image of a server is being pulled: bytes there so far, and in all as far as is known (0: not yet)."""

    deployment: str
    image: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class ServerReady:
    deployment: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PointStarted:
    """The loads of a point are being measured."""

    point_id: str
    deployment: str
    loads: int


@dataclass(frozen=True, slots=True)
class PointFinished:
    """A point has its result: done, failed or pruned."""

    result: Result


@dataclass(frozen=True, slots=True)
class Retrying:
    """A point failed for the machine's sake and is tried again after a pause: try `attempt` of `tries`."""

    point_id: str
    failure: Failure
    attempt: int
    tries: int
    pause_s: float


@dataclass(frozen=True, slots=True)
class ServerRemoved:
    deployment: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """Someone asked to stop: `by` names the signal, or who it was. `at_once` the second time."""

    by: str
    at_once: bool


@dataclass(frozen=True, slots=True)
class RunClosed:
    """The run is over, or interrupted and to be continued by the same command."""

    run_id: str
    done: int
    failed: int
    pruned: int
    waiting: int
    interrupted: bool


Event = (
    RunOpened
    | Noted
    | ServerStarting
    | ImagePulling
    | ServerReady
    | PointStarted
    | PointFinished
    | Retrying
    | ServerRemoved
    | Stopping
    | RunClosed
)


class Reporter(Protocol):
    """Who listens to a run. Called by one thread at a time."""

    def report(self, event: Event) -> None: ...


class Silent:
    """A reporter for which no news is good news."""

    def report(self, event: Event) -> None:  # noqa: ARG002
        return
