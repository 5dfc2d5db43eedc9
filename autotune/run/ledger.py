"""The book of a run: every result is stored, and reported, the moment it is there."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import Diagnostic, diagnostic
from autotune.run.events import Noted, PointFinished, Retrying, Silent
from autotune.run.foretell import predict_loads
from autotune.run.plan import loads_as_much, needs_as_much
from autotune.run.raw_output import collect_raw
from autotune.run.redact import hide_config, hide_env, hide_override, mask
from autotune.run.state import is_settled
from autotune.store.result import Failure, Result
from autotune.store.troubles import StoreBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from autotune.compiled import CompiledPoint
    from autotune.metrics import Kind, Measurement
    from autotune.run.events import Event, Reporter
    from autotune.run.state import OpenRun
    from autotune.run.stop import Stop
    from autotune.store.result import Status
    from autotune.store.store import Store


#: How long a store that cannot be written is waited for, in s: time for a person to make room, or another's migration.
PATIENCE_S = 600.0
_RETRY_STORE_S = 2.0


class Ledger:
    """Results of one run, from every thread that works on it. `kind` is what its executor yields.

    A store that is busy or full is waited for, `patience_s` at most and not once `stop` is asked; then its InputError
    (AT031) is raised, and all that was stored before stays.
    """

    def __init__(
        self,
        store: Store,
        run: OpenRun,
        kind: Kind,
        reporter: Reporter,
        clock: Callable[[], datetime],
        *,
        stop: Stop,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._store = store
        self._run_id = run.run_id
        self._folder = run.folder
        self._kind = kind
        self._reporter = reporter
        self._clock = clock
        self._stop = stop
        self._patience_s = patience_s
        self._lock = threading.RLock()
        self._settled = {name: result for name, result in run.earlier.items() if is_settled(result)}
        self._attempts = {name: result.attempts for name, result in run.earlier.items()}
        self._started: dict[str, str] = {}
        self._served: dict[str, dict[str, Any]] = {}
        self._too_large: list[tuple[CompiledPoint, Failure]] = []
        self._cooling: dict[str, Failure] = {}
        self._known: dict[str, Result] = {}

    def report(self, event: Event) -> None:
        """Tell the listener. One that cannot be told (a terminal that was closed, a pipe that nobody reads) is given up: the
        sweep is worth more than its display.
        """
        with self._lock:
            try:
                self._reporter.report(event)
            except OSError:
                self._reporter = Silent()

    def waiting(self, points: Iterable[CompiledPoint]) -> list[CompiledPoint]:
        """Those that have no result yet."""
        return [point for point in points if point.id not in self._settled]

    def remember(self, points: Iterable[CompiledPoint]) -> None:
        """Know which points ran out of memory before this process started."""
        for point in points:
            earlier = self._settled.get(point.id)
            if earlier is not None and earlier.status == "failed" and earlier.failure:
                self._note_memory(point, earlier.failure)

    def leave_alone(self, cooling: Mapping[str, Failure]) -> None:
        """These points, by id, are pruned: what their servers failed with in another run."""
        with self._lock:
            self._cooling |= cooling

    def results(self) -> list[Result]:
        """What is settled so far."""
        with self._lock:
            return list(self._settled.values())

    def attempts(self, point: CompiledPoint) -> int:
        return self._attempts.get(point.id, 0)

    def start(self, point: CompiledPoint) -> None:
        """The point is in work: should this process die now, it is run again."""
        with self._lock:
            self._attempts[point.id] = self.attempts(point) + 1
            self._started[point.id] = self._now()
        self._keep(lambda: self._store.save(self._result(point, "running")))

    def serves(self, points: Iterable[CompiledPoint], environment: dict[str, Any]) -> None:
        """What really serves these points, for their results."""
        with self._lock:
            self._served |= dict.fromkeys((point.id for point in points), environment)

    def forget(self, point: CompiledPoint) -> None:
        """The point was interrupted and counts as not yet run."""
        with self._lock:
            self._attempts.pop(point.id, None)
        self._keep(lambda: self._store.forget(self._run_id, point.id))

    def retry(self, point: CompiledPoint, failure: Failure, tries: int, pause_s: float) -> None:
        """The point failed for the machine's sake and is tried again; should this process die meanwhile, later."""
        failed = replace(self._result(point, "failed"), failure=_masked(failure), finished_at=self._now())
        self._keep(lambda: self._store.save(failed))
        self.report(Retrying(point.id, _masked(failure), self.attempts(point) + 1, tries, pause_s))

    def finish(self) -> None:
        """The run is over: the same command starts a new one."""
        self._keep(lambda: self._store.finish_run(self._run_id, self._now()))

    def done(
        self, point: CompiledPoint, measurements: Sequence[Measurement], best: int | None, score: float | None
    ) -> None:
        self._settle(replace(self._result(point, "done"), measurements=tuple(measurements), best=best, score=score))

    def failed(self, point: CompiledPoint, failure: Failure, measurements: Sequence[Measurement] = ()) -> None:
        """The point failed; `measurements` are those of its loads that came out nevertheless."""
        self._note_memory(point, failure)
        failed = replace(self._result(point, "failed"), measurements=tuple(measurements), failure=_masked(failure))
        self._settle(failed)

    def prune(self, point: CompiledPoint) -> bool:
        """Prune a point that the checks refuse, whose server failed to load in another run a short while ago, or that needs
        the memory that another ran out of; whether it was.
        """
        if not point.runnable:
            errors = [f"{item.code}: {item.message}" for item in point.diagnostics if item.severity.value == "error"]
            failure = Failure("refused", "; ".join(errors), "`autotune check` shows where each value comes from")
        else:
            with self._lock:
                found = self._cooling.get(point.id) or self._lacks_memory(point)
            if found is None:
                return False
            failure = found
        self._settle(replace(self._result(point, "pruned"), failure=failure))
        return True

    def _note_memory(self, point: CompiledPoint, failure: Failure) -> None:
        if failure.kind == "out_of_memory":
            with self._lock:
                self._too_large.append((point, failure))

    def _lacks_memory(self, point: CompiledPoint) -> Failure | None:
        for other, failure in self._too_large:
            # A server that came up holds for lighter loads.
            loaded = failure.phase == "benchmark"
            if needs_as_much(point, other) and (not loaded or loads_as_much(point, other)):
                under = " under its load" if loaded else ""
                what = f"needs at least the memory of point {other.id}, which ran out of it{under}"
                return Failure("out_of_memory", what, phase=failure.phase)
        return None

    def _keep(self, store: Callable[[], None]) -> None:
        """Store something. Waits outside of the lock, so that others, and whoever asks to stop, are heard meanwhile."""
        end = time.monotonic() + self._patience_s
        told = False
        while True:
            try:
                store()
            except StoreBusyError as error:
                if self._stop.asked or time.monotonic() > end:
                    raise
                if not told:
                    self.report(Noted(_waits(error, self._patience_s)))
                told = True
                self._stop.pause(min(_RETRY_STORE_S, self._patience_s))
            else:
                return

    def _settle(self, result: Result) -> None:
        result = replace(result, finished_at=self._now())
        raw = collect_raw(self._folder / "points" / result.point_id / "bench", os.environ)
        self._keep(lambda: self._store.save(result, raw))
        self._known.pop(result.point_id, None)
        with self._lock:
            self._settled[result.point_id] = result
            self.report(PointFinished(result))

    def _result(self, point: CompiledPoint, status: Status) -> Result:
        return replace(
            self._described(point),
            status=status,
            started_at=self._started.get(point.id),
            attempts=max(self.attempts(point), 1),
            environment=self._served.get(point.id, {}),
        )

    def _described(self, point: CompiledPoint) -> Result:
        """What a result says whatever became of its point; made once, and kept until the point is settled."""
        if (known := self._known.get(point.id)) is not None:
            return known
        deployment = {} if point.deployment is None else point.deployment.as_dict()
        if "env" in deployment:
            deployment["env"] = hide_env(deployment["env"])
        described = self._known[point.id] = Result(
            run_id=self._run_id,
            point_id=point.id,
            status="running",
            kind=self._kind,
            overrides=tuple(hide_override(text) for text in point.overrides),
            config=hide_config(point.data),
            deployment=deployment,
            applied_layers=point.applied_layers,
            origin={path: hide_override(str(writer)) for path, writer in point.origin.items()},
            predictions=predict_loads(point),
        )
        return described

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")


def _masked(failure: Failure) -> Failure:
    """A failure without the values of this machine's secrets."""
    return replace(failure, message=mask(failure.message, os.environ), log_tail=mask(failure.log_tail, os.environ))


def _waits(error: StoreBusyError, patience_s: float) -> Diagnostic:
    found = error.diagnostics[0]
    return diagnostic(
        "AT125", f"{found.message}; that is tried again for up to {patience_s / 60:g} min", help=found.help or ""
    )
