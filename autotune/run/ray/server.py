"""One experiment on a Ray cluster: an actor with the GPUs it needs, which Ray places, starts the engine and measures it there.

The driver, this process, keeps the run and writes the store. Ray ends an actor whose driver is gone, in whatever way it
went, and the engine's supervisor on that node then ends the engine.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from autotune.bench import BenchCancelled, BenchError
from autotune.bench.client import Endpoint
from autotune.check.clients import client_problems
from autotune.diagnostics import InputError, diagnostic
from autotune.run.executor import Cancelled, ExperimentFailed
from autotune.run.log_file import set_aside
from autotune.run.ray.connection import connect
from autotune.run.ray.worker import Work, Worker
from autotune.schema import LocalExecutor
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from autotune.bench.client import BenchClient, BenchJob
    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Kind, Measurement
    from autotune.run.executor import Place
    from autotune.run.ray.worker import Outcome
    from autotune.schema import Benchmark, RayExecutor

_LOOK_S = 0.2
#: A client asks several times a second whether the server still lives; the actor is asked this often at most, in s.
_FAILURE_LOOK_S = 2.0
#: Time for an answer that is no work for the actor, and for its way out beside the engine's own, in s.
_ANSWER_S = 30.0
#: Calls that an actor takes at once: start or measure, and cancel, failure, log, remove beside it.
_CALLS = 8
_LOST = "look at the node with `ray status` and `ray logs`; the same autotune must be installed on every node"


class RayServer:
    """One server of `executor=ray`. It is measured on its own node, by the client that `client` gives."""

    kind: Kind = "measured"
    speed = 1.0

    def __init__(self, settings: RayExecutor) -> None:
        self._settings = settings
        self._ray: Any = None
        self._actor: Any = None
        self._has_node = False
        self._log: Path | None = None
        self._deployment: Deployment | None = None
        self._gone: Failure | None = None
        self._looked = 0.0
        self._lock = threading.Lock()
        #: What runs where, as its node says; kept with the results.
        self.environment: dict[str, Any] = {}

    def preflight(self, deployment: Deployment) -> list[Diagnostic]:
        """The cluster answers, and one node is enough. Whether engine and client are there the node says when it starts."""
        if deployment.nodes > 1:
            return [
                diagnostic("AT015", f"the deployment spans {deployment.nodes} nodes and executor=ray starts a server on one",
                           path="system.nodes", help="set system.nodes=1, or use executor=kubernetes")
            ]  # fmt: skip
        try:
            connect(self._settings)
        except InputError as error:
            return list(error.diagnostics)
        return []

    def deploy(self, deployment: Deployment, place: Place) -> Endpoint:
        """Ask Ray for a node. The address of the server is known there alone."""
        self._deployment = deployment
        self._log = place.folder / "server.log"
        set_aside(self._log)
        settings = self._settings
        try:
            self._ray = ray = connect(settings)
        except InputError as error:
            raise ExperimentFailed(Failure("infrastructure", error.diagnostics[0].message)) from error
        local = LocalExecutor(name="local", bin_dir=settings.bin_dir, env=settings.env, ready_timeout_s=settings.ready_timeout_s,
                              stop_timeout_s=settings.stop_timeout_s, pin=False)  # fmt: skip
        needs: dict[str, Any] = {"num_gpus": 0 if deployment.gpu_vendor == "cpu" else deployment.gpus,
                                 "num_cpus": settings.cpus_per_server, "resources": settings.resources or None}  # fmt: skip
        if settings.accelerator_type is not None:
            needs["accelerator_type"] = settings.accelerator_type
        actor = ray.remote(Worker).options(**needs, max_concurrency=_CALLS, max_restarts=0)
        self._actor = actor.remote(local)
        return Endpoint("ray:", deployment.served_name, deployment.model, deployment.engine)

    def ready(self, endpoint: Endpoint, limit_s: float, cancelled: Callable[[], bool]) -> None:  # noqa: ARG002
        """Wait for a node, then for the engine on it."""
        assert self._deployment is not None
        began = time.monotonic()
        place_s = min(self._settings.schedule_timeout_s, limit_s)
        late = Failure("infrastructure", f"no node of the Ray cluster had room for {self._needs()} within {place_s:.0f} s",
                       "`ray status` shows what is free and what waits; raise executor.schedule_timeout_s")  # fmt: skip
        # Any answer at all says that it has a node.
        self._wait(lambda actor: actor.failure.remote(), cancelled, (began + place_s, late), patience_s=0.0)
        self._has_node = True
        deployment, left_s = self._deployment, began + limit_s - time.monotonic()
        late = Failure("infrastructure", "the Ray worker of the server does not answer", _LOST)
        answer = self._wait(
            lambda actor: actor.start.remote(deployment, left_s), cancelled, (began + limit_s + _ANSWER_S, late)
        )
        if isinstance(answer, Failure):
            raise ExperimentFailed(answer)
        if answer is None:
            raise Cancelled
        self.environment = answer

    def client(self, tool: str) -> BenchClient:
        """The load client of that name, on the server's own node."""
        return RemoteClient(tool, self)

    def measure(self, work: Work, cancelled: Callable[[], bool]) -> Outcome:
        """Have the actor measure. Raises BenchCancelled, and BenchError where the actor is gone."""
        try:
            answer: Outcome = self._wait(lambda actor: actor.measure.remote(work), cancelled)
        except Cancelled:
            raise BenchCancelled("the measurement was cancelled") from None
        except ExperimentFailed as error:
            raise BenchError(error.failure.message) from error
        return answer

    def failure(self) -> Failure | None:
        if self._actor is not None and self._gone is None and time.monotonic() - self._looked > _FAILURE_LOOK_S:
            self._gone = self._ask(lambda actor: actor.failure.remote())
            self._looked = time.monotonic()
        return self._gone

    def logs(self) -> str:
        return self._ask(lambda actor: actor.log.remote()) or ""

    def remove(self, *, at_once: bool = False) -> None:
        """End the engine, bring its log here, and give the actor's GPUs back."""
        with self._lock:
            actor, self._actor = self._actor, None
        if actor is None:
            return
        limit_s = _ANSWER_S + (0.0 if at_once else self._settings.stop_timeout_s)
        with suppress(Exception):  # whatever has become of it, the actor is ended below
            if self._has_node:
                log = self._ray.get(actor.remove.remote(at_once=at_once), timeout=limit_s)
                if self._log is not None and log:
                    self._log.write_bytes(log)
        with suppress(Exception):
            self._ray.kill(actor)

    def _wait(
        self,
        call: Callable[[Any], Any],
        cancelled: Callable[[], bool],
        limit: tuple[float, Failure] | None = None,
        patience_s: float = _ANSWER_S,
    ) -> Any:
        """The answer of the actor, until `limit`. Raises Cancelled, after `patience_s` for the actor to heed that, and
        ExperimentFailed where there will be no answer.
        """
        actor, asked = self._actor, None
        if actor is None:
            raise Cancelled
        try:
            answer = call(actor)
            while not self._ray.wait([answer], timeout=_LOOK_S)[0]:
                now = time.monotonic()
                if asked is None and cancelled():
                    asked = now
                    actor.cancel.remote()
                if asked is not None and now - asked >= patience_s:
                    raise Cancelled
                if limit is not None and now > limit[0]:
                    raise ExperimentFailed(limit[1])
            return self._ray.get(answer)
        except self._ray.exceptions.RayError as error:
            raise ExperimentFailed(self._lost(error)) from error

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        """A short question to the actor; a Failure, or None, where it cannot answer."""
        actor = self._actor
        if actor is None:
            return None
        try:
            return self._ray.get(call(actor), timeout=_ANSWER_S)
        except self._ray.exceptions.GetTimeoutError:
            return None
        except self._ray.exceptions.RayError as error:
            self._gone = self._lost(error)
            return None

    def _lost(self, error: Exception) -> Failure:
        lines = [line for line in str(error).splitlines() if line.strip()]
        self._gone = Failure(
            "infrastructure",
            f"the Ray worker of the server is gone: {lines[-1] if lines else error}",
            _LOST,
            "\n".join(lines[-60:]),
        )
        return self._gone

    def _needs(self) -> str:
        assert self._deployment is not None
        settings = self._settings
        kind = "" if settings.accelerator_type is None else f"{settings.accelerator_type} "
        more = [f"{amount:g} {name}" for name, amount in settings.resources.items()]
        return ", ".join([f"{self._deployment.gpus} {kind}GPUs", f"{settings.cpus_per_server:g} CPUs", *more])


class RemoteClient:
    """A load client that runs beside the server."""

    def __init__(self, tool: str, server: RayServer) -> None:
        self._tool = tool
        self._server = server

    def preflight(self, benchmark: Benchmark) -> list[Diagnostic]:
        """What of this benchmark the client cannot do. Whether it is installed, its node says."""
        return list(client_problems(self._tool, benchmark))

    def measure(self, job: BenchJob) -> list[Measurement]:
        """Every load in turn, on the server's node; the files that the client wrote there are copied to `job.folder`."""
        work = Work(self._tool, job.endpoint.tokenizer, job.benchmark, job.loads, job.gpus, job.osl, job.limits_ms)
        outcome = self._server.measure(work, job.cancelled)
        for name, content in outcome.files.items():
            path = job.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if outcome.error is not None:
            raise BenchError(outcome.error, outcome.log_tail, list(outcome.measurements))
        return list(outcome.measurements)
