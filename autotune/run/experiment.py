"""One server and the points measured on it, from start to clean-up."""

from __future__ import annotations

import os
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autotune.bench import BenchError, BenchJob, client_name, combine_repeats, rescale, settle
from autotune.diagnostics import InputError, diagnostic
from autotune.metrics import DEFAULT_OSL
from autotune.run.environment import server_environment
from autotune.run.events import Noted, PointStarted, ServerReady, ServerRemoved, ServerStarting
from autotune.run.executor import Cancelled, ExperimentFailed, Place, client_for, client_start_s
from autotune.run.failures import TRANSIENT, machine_failure
from autotune.run.plan import benchmark_limit_s, point_loads
from autotune.run.whole_file import check_room
from autotune.score.slo import request_limits
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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

#: How long after the last of failed requests a server's end is looked for, and how often.
_END_SEEN_S = 1.0
_LOOK_S = 0.1


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
            with suppress(Exception):  # the others must end too; who waits for this one hears of it
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
    next_on: Callable[[str], CompiledPoint | None] | None = None
    """What else to measure on a server, by its name, that is up and has nothing left to do."""


def run_group(group: ServerGroup, assigned: Assigned, bench: Bench) -> None:
    """Run every point of a group, on one server as long as that lives. Returns early when `bench.stop` asks for it."""
    waiting = list(group.points)
    tries: dict[str, int] = {}
    attempt = 1
    while not bench.stop.asked:
        waiting = [point for point in waiting if not bench.ledger.prune(point)]
        if not waiting:
            return
        serving = _Serving(replace(group, points=tuple(waiting)), assigned, bench, tries, attempt)
        waiting = serving.run()
        bench.stop.pause(serving.pause_s)
        attempt += 1


class _Serving:
    """One server's life. `pause_s` is how long to wait before the next one."""

    def __init__(
        self, group: ServerGroup, assigned: Assigned, bench: Bench, tries: dict[str, int], attempt: int
    ) -> None:
        self._group = group
        self._assigned = assigned
        self._bench = bench
        self._tries = tries
        self._attempt = attempt
        self._executor = bench.make(group)
        self._served: dict[str, Any] = {}
        self.pause_s = 0.0

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
                failure = replace(error.failure, phase="start")
                if self._again(first, failure):
                    return points
                for point in points:
                    bench.ledger.failed(point, failure)
                return []
            return self._measure_all(points, endpoint, began)
        finally:
            self._remove()

    def _remove(self) -> None:
        """End the server. One that cannot be ended is told of, and is no reason to give up the other experiments."""
        name, ledger = self._group.deployment.name, self._bench.ledger
        try:
            self._bench.servers.remove(self._executor)
        except Exception as error:  # noqa: BLE001 - whatever the daemon, the cluster or the system said
            left = f"the server {name} could not be removed: {type(error).__name__}: {error}"
            ledger.report(
                Noted(diagnostic("AT125", left, help="`autotune gc` shows what is left once the run is over"))
            )
        ledger.report(ServerRemoved(name))

    def _start(self, point: CompiledPoint) -> None:
        self._tries[point.id] = self._tries.get(point.id, 0) + 1
        self._bench.ledger.start(point)

    def _again(self, point: CompiledPoint, failure: Failure) -> bool:
        """Whether to try a point again that failed like that; then that is said, and the pause before it set."""
        assert point.config is not None
        wanted, done = point.config.optimization, self._tries[point.id]
        if failure.kind not in TRANSIENT or done > wanted.retries or self._bench.stop.asked:
            return False
        self.pause_s = wanted.retry_pause_s * 2 ** (done - 1)
        self._bench.ledger.retry(point, failure, wanted.retries + 1, self.pause_s)
        return True

    def _serve(self, first: CompiledPoint, began: float) -> Endpoint:
        group, bench = self._group, self._bench
        assert first.config is not None
        names = tuple(point.id for point in group.points)
        bench.ledger.report(
            ServerStarting(group.deployment.name, names, group.deployment.gpus_in_all, self._attempt,
                           self._assigned.devices, self._assigned.cpus)
        )  # fmt: skip
        try:
            folder = _point_folder(bench.folder, first)
            for other in group.points[1:]:
                _link_log(folder, _point_folder(bench.folder, other))
            check_room(folder)
            place = Place(
                folder,
                bench.folder / "servers",
                self._assigned.devices,
                self._assigned.cpus,
                bench.ledger.report,
                lambda: bench.stop.asked,
            )
            endpoint = self._executor.deploy(group.deployment, place)
            limit_s = began + first.config.optimization.timeout_s - time.monotonic()
            self._executor.ready(endpoint, limit_s, lambda: bench.stop.asked)
        except (Cancelled, ExperimentFailed):
            raise
        except Exception as error:
            raise ExperimentFailed(_explain_start(error)) from error
        self._served = server_environment(endpoint, group.deployment, self._executor)
        bench.ledger.serves(group.points, self._served)
        bench.ledger.report(ServerReady(group.deployment.name, time.monotonic() - began))
        return endpoint

    def _measure_all(self, points: list[CompiledPoint], endpoint: Endpoint, began: float) -> list[CompiledPoint]:
        for index, point in enumerate(self._and_more(points)):
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

    def _and_more(self, points: list[CompiledPoint]) -> Iterator[CompiledPoint]:
        """The points, then those that a strategy chooses for the same server, which are added to them."""
        yield from points
        name, more = self._group.deployment.name, self._bench.next_on
        while more is not None and not self._bench.stop.asked and (point := more(name)) is not None:
            points.append(point)
            self._bench.ledger.serves([point], self._served)
            _link_log(_point_folder(self._bench.folder, points[0]), _point_folder(self._bench.folder, point))
            yield point

    def _measure(self, point: CompiledPoint, endpoint: Endpoint, began: float) -> bool:
        """Measure one point and settle it; False when it is to be measured again."""
        ledger, config = self._bench.ledger, point.config
        assert config is not None
        deadline, late = 0.0, None

        def cancelled() -> bool:
            return self._bench.stop.asked or time.monotonic() > deadline or self._executor.failure() is not None

        measurements: Sequence[Measurement] = ()
        try:
            loads = point_loads(point)
            ledger.report(PointStarted(point.id, self._group.deployment.name, len(loads)))
            limit_s = benchmark_limit_s(config.benchmark, len(loads)) + client_start_s(self._executor)
            left_s = began + config.optimization.timeout_s - time.monotonic()
            deadline = time.monotonic() + min(limit_s, left_s)
            late = _late(config, limit_s, left_s)
            tool = client_name(config.benchmark.tool, emulated=self._executor.kind == "emulated")
            client = client_for(self._executor, tool, self._bench.client_of)
            folder = _point_folder(self._bench.folder, point) / "bench"
            folder.mkdir(parents=True, exist_ok=True)
            tokenizer = config.model.tokenizer or config.model.path or config.model.id
            job = BenchJob(replace(endpoint, tokenizer=tokenizer), config.benchmark, loads, folder,
                           self._group.deployment.gpus_in_all, dict(os.environ), cancelled, config.runtime.osl or DEFAULT_OSL,
                           limits_ms=request_limits(config.slo), speed=self._executor.speed)  # fmt: skip
            measurements = settle(self._marked(self._whole(client.measure(job))), config.benchmark)
            best, score = self._bench.score_of(measurements, config)
        except Exception as error:  # noqa: BLE001 - a point that fails in any way leaves the others alone
            if isinstance(error, BenchError):
                measurements = combine_repeats(self._marked(error.measurements))
            if self._bench.stop.asked:
                ledger.forget(point)
                return False
            failure = self._explain(error, late if time.monotonic() > deadline > 0.0 else None)
            failure = replace(failure, phase="benchmark")
            if self._again(point, failure):
                return False
            ledger.failed(point, failure, measurements)
            return True
        ledger.done(point, measurements, best, score)
        return True

    def _whole(self, measurements: Sequence[Measurement]) -> Sequence[Measurement]:
        """The measurements, unless requests failed because the server ended below them: BenchError then."""
        if any(item.error_rate for item in measurements) and self._server_end() is not None:
            raise BenchError("the server ended while it was measured", measurements=measurements)
        return measurements

    def _server_end(self) -> Failure | None:
        """What ended the server, where requests failed: that is seen a moment later, and the client may be done by then."""
        deadline = time.monotonic() + _END_SEEN_S
        while (failure := self._executor.failure()) is None and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        return failure

    def _marked(self, measurements: Sequence[Measurement]) -> list[Measurement]:
        if self._executor.kind == "emulated":
            return [rescale(item, self._executor.speed) for item in measurements]
        return [replace(item, kind=self._executor.kind) for item in measurements]

    def _explain(self, error: Exception, late: Failure | None) -> Failure:
        """The class of a benchmark that failed: the server's end explains more than the client's complaints about it.

        `late` is for one that went past its limit.
        """
        failed = isinstance(error, BenchError) and late is None
        if (failure := self._server_end() if failed else self._executor.failure()) is not None:
            return failure
        log = self._executor.logs()[-4096:]
        if late is not None:
            return replace(late, log_tail=log)
        if isinstance(error, ExperimentFailed):
            return error.failure
        if (failure := machine_failure(error, error.log_tail if isinstance(error, BenchError) else "")) is not None:
            return failure
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


def _late(config: Config, limit_s: float, left_s: float) -> Failure:
    """A benchmark that went past the nearer of two limits: its own, and what is left of the experiment's."""
    own_s, whole_s = config.benchmark.timeout_s, config.optimization.timeout_s
    if left_s < limit_s:
        what, remedy = f"the experiment took longer than optimization.timeout_s={whole_s:g}", "raise it"
    elif own_s is not None:
        what, remedy = f"the load client took longer than benchmark.timeout_s={own_s:g}", "raise it"
    else:
        what = f"the load client did not end within {limit_s:.0f} s, which is far longer than its loads take"
        remedy = "set benchmark.timeout_s"
    return Failure("timeout", what, f"{remedy}, or lower benchmark.max_time_s or benchmark.max_requests")


def _explain_start(error: Exception) -> Failure:
    """The class of a server that could not be started because something else than the server failed."""
    if (failure := machine_failure(error)) is not None:
        return replace(failure, message=f"the server cannot be started: {failure.message}")
    if isinstance(error, OSError):
        return Failure("infrastructure", f"the server cannot be started: {error}")
    if isinstance(error, InputError):
        return Failure("infrastructure", str(error), error.diagnostics[0].help or "" if error.diagnostics else "")
    trace = "".join(traceback.format_exception(error))
    what = f"{type(error).__name__}: {error}"
    return Failure("start_crash", what, "this is a defect of autotune; please report it", trace)


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
