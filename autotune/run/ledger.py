"""The book of a run: every result is stored, and reported, the moment it is there."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autotune.run.events import PointFinished
from autotune.run.foretell import predict_loads
from autotune.run.plan import needs_as_much
from autotune.run.raw_output import collect_raw
from autotune.run.redact import hide_config, hide_env, hide_override, mask
from autotune.run.state import is_settled
from autotune.store.result import Failure, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from autotune.compiled import CompiledPoint
    from autotune.metrics import Kind, Measurement
    from autotune.run.events import Event, Reporter
    from autotune.run.state import OpenRun
    from autotune.store.store import Store


class Ledger:
    """Results of one run, from every thread that works on it. `kind` is what its executor yields."""

    def __init__(
        self, store: Store, run: OpenRun, kind: Kind, reporter: Reporter, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._run_id = run.run_id
        self._folder = run.folder
        self._kind = kind
        self._reporter = reporter
        self._clock = clock
        self._lock = threading.RLock()
        self._settled = {name: result for name, result in run.earlier.items() if is_settled(result)}
        self._attempts = {name: result.attempts for name, result in run.earlier.items()}
        self._started: dict[str, str] = {}
        self._served: dict[str, dict[str, Any]] = {}
        self._too_large: list[CompiledPoint] = []

    def report(self, event: Event) -> None:
        with self._lock:
            self._reporter.report(event)

    def waiting(self, points: Iterable[CompiledPoint]) -> list[CompiledPoint]:
        """Those that have no result yet."""
        return [point for point in points if point.id not in self._settled]

    def remember(self, points: Iterable[CompiledPoint]) -> None:
        """Know which points ran out of memory before this process started."""
        for point in points:
            earlier = self._settled.get(point.id)
            if (
                earlier is not None
                and earlier.status == "failed"
                and earlier.failure
                and earlier.failure.kind == "out_of_memory"
            ):
                self._too_large.append(point)

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
            self._store.save(self._result(point, "running"))

    def serves(self, points: Iterable[CompiledPoint], environment: dict[str, Any]) -> None:
        """What really serves these points, for their results."""
        with self._lock:
            self._served |= dict.fromkeys((point.id for point in points), environment)

    def forget(self, point: CompiledPoint) -> None:
        """The point was interrupted and counts as not yet run."""
        with self._lock:
            self._attempts.pop(point.id, None)
            self._store.forget(self._run_id, point.id)

    def done(
        self, point: CompiledPoint, measurements: Sequence[Measurement], best: int | None, score: float | None
    ) -> None:
        self._settle(replace(self._result(point, "done"), measurements=tuple(measurements), best=best, score=score))

    def failed(self, point: CompiledPoint, failure: Failure, measurements: Sequence[Measurement] = ()) -> None:
        """The point failed; `measurements` are those of its loads that came out nevertheless."""
        if failure.kind == "out_of_memory":
            with self._lock:
                self._too_large.append(point)
        failure = replace(
            failure, message=mask(failure.message, os.environ), log_tail=mask(failure.log_tail, os.environ)
        )
        self._settle(replace(self._result(point, "failed"), measurements=tuple(measurements), failure=failure))

    def prune(self, point: CompiledPoint) -> bool:
        """Prune a point that the checks refuse, or that needs the memory that another ran out of; whether it was."""
        if not point.runnable:
            errors = [f"{item.code}: {item.message}" for item in point.diagnostics if item.severity.value == "error"]
            failure = Failure("refused", "; ".join(errors), "`autotune check` shows where each value comes from")
        else:
            with self._lock:
                larger = next((other for other in self._too_large if needs_as_much(point, other)), None)
            if larger is None:
                return False
            failure = Failure("out_of_memory", f"needs at least the memory of point {larger.id}, which ran out of it")
        self._settle(replace(self._result(point, "pruned"), failure=failure))
        return True

    def _settle(self, result: Result) -> None:
        result = replace(result, finished_at=self._now())
        raw = collect_raw(self._folder / "points" / result.point_id / "bench", os.environ)
        with self._lock:
            self._store.save(result, raw)
            self._settled[result.point_id] = result
            self._reporter.report(PointFinished(result))

    def _result(self, point: CompiledPoint, status: str) -> Result:
        deployment = {} if point.deployment is None else point.deployment.as_dict()
        if "env" in deployment:
            deployment["env"] = hide_env(deployment["env"])
        return Result(
            run_id=self._run_id,
            point_id=point.id,
            status=status,  # type: ignore[arg-type]
            kind=self._kind,
            overrides=tuple(hide_override(text) for text in point.overrides),
            config=hide_config(point.data),
            deployment=deployment,
            applied_layers=point.applied_layers,
            origin={path: hide_override(str(writer)) for path, writer in point.origin.items()},
            started_at=self._started.get(point.id),
            attempts=max(self.attempts(point), 1),
            predictions=predict_loads(point),
            environment=self._served.get(point.id, {}),
        )

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")
