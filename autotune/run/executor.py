"""What an executor is: one server's life in a few methods, wherever the server runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from autotune.bench.client import BenchClient, Endpoint
    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Kind
    from autotune.predict.predictor import Timing
    from autotune.run.events import Event
    from autotune.schema import (
        AutoExecutor,
        DockerExecutor,
        EmulatedExecutor,
        KubernetesExecutor,
        LocalExecutor,
        RayExecutor,
    )
    from autotune.store.result import Failure

    Settings = LocalExecutor | DockerExecutor | KubernetesExecutor | RayExecutor | EmulatedExecutor | AutoExecutor


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """Someone asked to stop while a server was being waited for."""


class ExperimentFailed(Exception):  # noqa: N818
    """A server, or a measurement on it, failed; `failure` has the class, the message and the log's tail."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Place:
    """What an executor may use on one server: `folder` for its files and logs, `records` for notes on what it left running.

    `devices` are the GPUs set aside for the server, empty where they are not told apart; `cpus` the CPU threads it is to
    stay on, empty for any. `report` takes what there is to tell while it starts, and `cancelled` says whether that is to end.
    """

    folder: Path
    records: Path
    devices: tuple[str, ...] = field(default=())
    cpus: tuple[int, ...] = field(default=())
    report: Callable[[Event], None] = lambda _: None
    cancelled: Callable[[], bool] = lambda: False


class Executor(Protocol):
    """One server. Implementations are one module each, listed in `EXECUTORS`; an instance runs one server once.

    `kind` marks everything that is measured on it. `speed` is how many times faster than real it runs, 1 unless emulated.
    Four more attributes are looked for: `environment`, what is known of what really ran; `client`, which gives the load
    client of a name where that has to run elsewhere than in this process, and may raise ExperimentFailed; `client_start_s`,
    the time that it may take to begin there; and `serves_parts`, whether a router and the servers behind it are one to it.
    """

    kind: Kind
    speed: float

    def preflight(self, deployment: Deployment) -> list[Diagnostic]:
        """What is missing here for that deployment; empty when all is well. Starts nothing."""
        ...

    def deploy(self, deployment: Deployment, place: Place) -> Endpoint:
        """Start the server and return at once. Raises ExperimentFailed where it cannot even be started, Cancelled."""
        ...

    def ready(self, endpoint: Endpoint, limit_s: float, cancelled: Callable[[], bool]) -> None:
        """Return when the server answers.

        Raises ExperimentFailed when it ended, or was not ready within the executor's own limit or `limit_s`, whichever
        is shorter; Cancelled once `cancelled` says so.
        """
        ...

    def failure(self) -> Failure | None:
        """Why the server is gone, None while it runs."""
        ...

    def logs(self) -> str:
        """The end of the server's log."""
        ...

    def remove(self, *, at_once: bool = False) -> None:
        """End the server and everything it started; politely first unless `at_once`. Does nothing the second time."""
        ...


def client_for(executor: Executor, name: str, client_of: Callable[[str], BenchClient]) -> BenchClient:
    """The load client of that name for this executor's server: its own, beside the server, or one that runs here."""
    own: Callable[[str], BenchClient] = getattr(executor, "client", client_of)
    return own(name)


def client_start_s(executor: Executor) -> float:
    """Time that this executor's load client may take to begin, in s."""
    return float(getattr(executor, "client_start_s", 0.0))


def make_executor(settings: Settings, timing_of: Callable[[str], Timing]) -> Executor:
    """A fresh executor for one server. `timing_of` gives the timing of a deployment, by its name, for emulation.

    Raises InputError (AT030) for one that this version does not have.
    """
    if settings.name not in EXECUTORS:
        raise InputError(
            diagnostic("AT030", f"executor={settings.name} is not in this version", path="executor",
                       help=f"use one of {', '.join([*EXECUTORS, 'auto'])}")
        )  # fmt: skip
    return EXECUTORS[settings.name](settings, timing_of)


def _local(settings: Settings, timing_of: Callable[[str], Timing]) -> Executor:  # noqa: ARG001
    from autotune.run.local import LocalServer

    return LocalServer(settings)  # type: ignore[arg-type]


def _docker(settings: Settings, timing_of: Callable[[str], Timing]) -> Executor:  # noqa: ARG001
    from autotune.run.docker.server import DockerServer

    return DockerServer(settings)  # type: ignore[arg-type]


def _emulated(settings: Settings, timing_of: Callable[[str], Timing]) -> Executor:
    from autotune.run.emulated import Emulated

    return Emulated(settings, timing_of)  # type: ignore[arg-type]


def _cluster(settings: Settings, timing_of: Callable[[str], Timing]) -> Executor:  # noqa: ARG001
    from autotune.run.cluster.server import ClusterServer

    return ClusterServer(settings)  # type: ignore[arg-type]


def _ray(settings: Settings, timing_of: Callable[[str], Timing]) -> Executor:  # noqa: ARG001
    from autotune.run.ray.server import RayServer

    return RayServer(settings)  # type: ignore[arg-type]


#: Every executor by its `executor.name`. To add one: a module with a class of the protocol above, and a line here.
EXECUTORS: dict[str, Callable[[Settings, Callable[[str], Timing]], Executor]] = {
    "local": _local,
    "docker": _docker,
    "emulated": _emulated,
    "kubernetes": _cluster,
    "ome": _cluster,
    "ray": _ray,
}
