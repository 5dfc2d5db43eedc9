"""One server and the points measured on it, from start to clean-up."""

from __future__ import annotations

import os
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autotune.bench import BenchError, BenchJob, client_name, combine_repeats, rescale, settle
from autotune.diagnostics import InputError
from autotune.metrics import DEFAULT_OSL
from autotune.run.environment import server_environment
from autotune.run.events import PointStarted, ServerReady, ServerRemoved, ServerStarting
from autotune.run.executor import Cancelled, ExperimentFailed, Place, client_for
from autotune.run.plan import benchmark_limit_s, point_loads
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from autotune.bench.client import BenchClient, Endpoint
    from autotune.compiled import CompiledPoint
    from autotune.metrics import Measurement
    from autotune.run.executor import Executor
    from autotune.run.ledger import Ledger
    from autotune.run.plan import ServerGroup
    from autotune.run.slots import Assigned
    from autotune.run.stop import Stop
    from autotune.schema import Config

    ScoreOf = Callable[[Sequence[Measurement], Config], tuple[int | None, float | None]]

#: Tries of a point whose failure says nothing about it.
MAX_TRIES = 2


class Servers:
    """The servers that run now, so that they can be ended from outside."""

    def __init__(self) -> None:
        self._running: set[Executor] = set()
        self._lock = threading.Lock()

    def add(self, executor: Executor) -> None:
        with self._lock:
            self._running.add(executor)

    def remove(self, executor: Executor) -> None:
        """End a server, in whatever state it is."""
        try:
            executor.remove()
        finally:
            with self._lock:
                self._running.discard(executor)

    def end_all(self) -> None:
        """End every server without asking."""
        with self._lock:
            running = list(self._running)
        for executor in running:
            executor.remove(at_once=True)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every experiment of a run works with."""

    ledger: Ledger
    stop: Stop
    servers: Servers
    folder: Path
    make: Callable[[ServerGroup], Executor]
    client_of: Callable[[str], BenchClient]
    score_of: ScoreOf


def run_group(group: ServerGroup, assigned: Assigned, bench: Bench) -> None:
    """Run every point of a group, on one server as long as that lives. Returns early when `bench.stop` asks for it."""
    waiting = [point for point in group.points if not bench.ledger.prune(point)]
    tries: dict[str, int] = {}
    attempt = 1
    while waiting and not bench.stop.asked:
        waiting = _Serving(replace(group, points=tuple(waiting)), assigned, bench, tries, attempt).run()
        attempt += 1


class _Serving:
    """One server's life."""

    def __init__(
        self, group: ServerGroup, assigned: Assigned, bench: Bench, tries: dict[str, int], attempt: int
    ) -> None:
        self._group = group
        self._assigned = assigned
        self._bench = bench
        self._tries = tries
        self._attempt = attempt
        self._executor = bench.make(group)

    def run(self) -> list[CompiledPoint]:
        """Start the server, measure every point, end the server; returns the points that another one has to serve."""
        points, bench = list(self._group.points), self._bench
        first = points[0]
        began = time.monotonic()
        self._start(first)
        bench.servers.add(self._executor)
        try:
            try:
                endpoint = self._serve(first, began)
            except Cancelled:
                bench.ledger.forget(first)
                return points
            except ExperimentFailed as error:
                if self._again(first, error.failure):
                    return points
                for point in points:
                    bench.ledger.failed(point, error.failure)
                return []
            return self._measure_all(points, endpoint, began)
        finally:
            bench.servers.remove(self._executor)
            bench.ledger.report(ServerRemoved(self._group.deployment.name))

    def _start(self, point: CompiledPoint) -> None:
        self._tries[point.id] = self._tries.get(point.id, 0) + 1
        self._bench.ledger.start(point)

    def _again(self, point: CompiledPoint, failure: Failure) -> bool:
        return failure.kind == "infrastructure" and self._tries[point.id] < MAX_TRIES

    def _serve(self, first: CompiledPoint, began: float) -> Endpoint:
        group, bench = self._group, self._bench
        assert first.config is not None
        names = tuple(point.id for point in group.points)
        bench.ledger.report(ServerStarting(group.deployment.name, names, group.deployment.gpus, self._attempt))
        folder = _point_folder(bench.folder, first)
        for other in group.points[1:]:
            _link_log(folder, _point_folder(bench.folder, other))
        try:
            place = Place(folder, bench.folder / "servers", self._assigned.devices, self._assigned.cpus)
            endpoint = self._executor.deploy(group.deployment, place)
        except OSError as error:
            raise ExperimentFailed(Failure("infrastructure", f"the server cannot be started: {error}")) from error
        limit_s = began + first.config.optimization.timeout_s - time.monotonic()
        self._executor.ready(endpoint, limit_s, lambda: bench.stop.asked)
        bench.ledger.serves(group.points, server_environment(endpoint, group.deployment, self._executor))
        bench.ledger.report(ServerReady(group.deployment.name, time.monotonic() - began))
        return endpoint

    def _measure_all(self, points: list[CompiledPoint], endpoint: Endpoint, began: float) -> list[CompiledPoint]:
        for index, point in enumerate(points):
            if self._bench.stop.asked:
                if index == 0:
                    self._bench.ledger.forget(point)
                return points[index:]
            if index > 0:
                began = time.monotonic()
                self._start(point)
            if not self._measure(point, endpoint, began):
                return points[index:]
            if self._executor.failure() is not None:
                return points[index + 1 :]
        return []

    def _measure(self, point: CompiledPoint, endpoint: Endpoint, began: float) -> bool:
        """Measure one point and settle it; False when it is to be measured again."""
        ledger, config = self._bench.ledger, point.config
        assert config is not None
        deadline = 0.0

        def cancelled() -> bool:
            return self._bench.stop.asked or time.monotonic() > deadline or self._executor.failure() is not None

        measurements: Sequence[Measurement] = ()
        try:
            loads = point_loads(point)
            ledger.report(PointStarted(point.id, self._group.deployment.name, len(loads)))
            now = time.monotonic()
            deadline = min(now + benchmark_limit_s(config.benchmark, len(loads)), began + config.optimization.timeout_s)
            tool = client_name(config.benchmark.tool, emulated=self._executor.kind == "emulated")
            client = client_for(self._executor, tool, self._bench.client_of)
            folder = _point_folder(self._bench.folder, point) / "bench"
            folder.mkdir(parents=True, exist_ok=True)
            tokenizer = config.model.tokenizer or config.model.path or config.model.id
            job = BenchJob(replace(endpoint, tokenizer=tokenizer), config.benchmark, loads, folder,
                           self._group.deployment.gpus, dict(os.environ), cancelled, config.runtime.osl or DEFAULT_OSL)  # fmt: skip
            measurements = settle(self._marked(client.measure(job)), config.benchmark)
            best, score = self._bench.score_of(measurements, config)
        except Exception as error:  # noqa: BLE001 - a point that fails in any way leaves the others alone
            if isinstance(error, BenchError):
                measurements = combine_repeats(self._marked(error.measurements))
            if self._bench.stop.asked:
                ledger.forget(point)
                return False
            failure = self._explain(error, time.monotonic() > deadline > 0.0)
            if self._again(point, failure):
                return False
            ledger.failed(point, failure, measurements)
            return True
        ledger.done(point, measurements, best, score)
        return True

    def _marked(self, measurements: Sequence[Measurement]) -> list[Measurement]:
        if self._executor.kind == "emulated":
            return [rescale(item, self._executor.speed) for item in measurements]
        return [replace(item, kind=self._executor.kind) for item in measurements]

    def _explain(self, error: Exception, late: bool) -> Failure:
        """The class of a benchmark that failed: the server's end explains more than the client's complaints about it."""
        if (failure := self._executor.failure()) is not None:
            return failure
        log = self._executor.logs()[-4096:]
        if late:
            return Failure(
                "timeout",
                "the benchmark did not end in time",
                "raise optimization.timeout_s, or lower benchmark.max_time_s",
                log,
            )
        if isinstance(error, BenchError):
            return Failure(
                "benchmark",
                error.message,
                "the client's own output is in the `bench` folder of the point",
                error.log_tail or log,
            )
        if isinstance(error, InputError):
            return Failure("benchmark", str(error), error.diagnostics[0].help or "" if error.diagnostics else "")
        trace = "".join(traceback.format_exception(error))
        return Failure(
            "benchmark", f"{type(error).__name__}: {error}", "this is a defect of autotune; please report it", trace
        )


def _point_folder(run: Path, point: CompiledPoint) -> Path:
    folder = run / "points" / point.id
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _link_log(serving: Path, other: Path) -> None:
    """A point that shares another's server has that server's log in its own folder too, as a link."""
    with suppress(OSError):
        link = other / "server.log"
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(serving / "server.log", other))
