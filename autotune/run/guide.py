"""Which points a run measures, and in which order, where that depends on what was measured: a strategy at work."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import InputError, diagnostic
from autotune.run.foretell import predict_loads
from autotune.score import get_objectives, score_measurements
from autotune.search import MOST, TIMES_GPUS, Failure, choose_strategy, make_strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from autotune.compiled import CompiledPoint
    from autotune.score import Objective
    from autotune.search import Strategy
    from autotune.store.result import Result

    Metrics = dict[str, float]

#: Strategies that need no results: the points are chosen before the run.
BEFOREHAND = ("grid", "random")


class Guide:
    """A strategy over compiled points, told of every result that the run has. Used by every thread of the run."""

    def __init__(
        self,
        strategy: Strategy,
        points: Sequence[CompiledPoint],
        objectives: Sequence[Objective],
        results: Callable[[], Sequence[Result]],
        *,
        name: str,
        most: int,
    ) -> None:
        self.name = name
        #: Experiments at most, those of an earlier process included.
        self.most = most
        self._strategy = strategy
        self._points = list(points)
        self._objectives = tuple(objectives)
        self._results = results
        self._index = {point.id: index for index, point in enumerate(self._points)}
        self._told: set[str] = set()
        self._for_server: dict[str, CompiledPoint] = {}
        self._lock = threading.Lock()

    def next(self, running: Collection[str]) -> CompiledPoint | None:
        """The next point for a server of its own; None when there is none now. `running` are the servers that run, by name:
        a point for one of them is kept for it.
        """
        with self._lock:
            self._listen()
            left = next((name for name in self._for_server if name not in running), None)
            if left is not None:
                return self._for_server.pop(left)
            while (index := self._strategy.ask()) is not None:
                point = self._points[index]
                server = _server(point)
                if server not in running:
                    return point
                if server in self._for_server:
                    self._strategy.drop(index)
                    return None
                self._for_server[server] = point
            return None

    def next_on(self, server: str) -> CompiledPoint | None:
        """The next point for a server that is up and has nothing left to do; None where the next one is for another."""
        with self._lock:
            self._listen()
            if server in self._for_server:
                return self._for_server.pop(server)
            running = [index for index, point in enumerate(self._points) if _server(point) == server]
            index = self._strategy.ask([item for item in running if self._points[item].id in self._told])
            if index is None:
                return None
            if _server(self._points[index]) == server:
                return self._points[index]
            self._strategy.drop(index)
            return None

    def put_back(self, point: CompiledPoint) -> None:
        """There is no room for the point now."""
        with self._lock:
            self._strategy.drop(self._index[point.id])

    def _listen(self) -> None:
        for result in self._results():
            if result.point_id in self._index and result.point_id not in self._told:
                self._told.add(result.point_id)
                self._strategy.tell(self._index[result.point_id], outcome(result, self._objectives))


def make_guide(points: Sequence[CompiledPoint], results: Callable[[], Sequence[Result]]) -> Guide | None:
    """The guide that the points' `optimization` group asks for; None where they are all run, or chosen beforehand.

    Raises InputError (AT030) where the strategy needs a package that is not here.
    """
    config = points[0].config
    assert config is not None
    wanted = config.optimization
    name = choose_strategy(wanted.strategy, len(points), predicted=True, limit=wanted.max_experiments)
    if name in BEFOREHAND:
        return None
    objectives = get_objectives(wanted.objectives)
    try:
        strategy = make_strategy(
            name,
            flat_points(points),
            {metric_name(item): "max" if item.maximise else "min" for item in objectives},
            seed=wanted.seed,
            predictor=[predicted(point, objectives) for point in points] if name in ("two_stage", "hybrid") else None,
            max_experiments=wanted.max_experiments,
        )
    except ModuleNotFoundError as error:
        raise InputError(
            diagnostic("AT030", f"optimization.strategy={name} needs the package {error.name}", path="optimization.strategy",
                       help="pip install 'llm-autotune[search]', or take optimization.strategy=auto")
        ) from None  # fmt: skip
    most = min(len(points), wanted.max_experiments or (MOST if name != "bayesian" else len(points)))
    return Guide(strategy, points, objectives, results, name=name, most=most)


def flat_points(points: Sequence[CompiledPoint]) -> list[dict[str, Any]]:
    """Each point's config as dotted path -> value, where that differs between points; lists of one item as the item."""
    flat = [_flatten(point.data) for point in points]
    names = dict.fromkeys(name for item in flat for name in item)
    missing = object()
    differing = [name for name in names if any(item.get(name, missing) != flat[0].get(name, missing) for item in flat)]
    return [{name: item[name] for name in differing if name in item} for item in flat]


def metric_name(objective: Objective) -> str:
    """The metric that an objective reads, as the strategies know it. A latency times GPUs has a name of its own."""
    metric = objective.sources[0]
    if not objective.per_gpu:
        return metric
    return f"{metric}_per_gpu" if objective.maximise else f"{metric}{TIMES_GPUS}"


def outcome(result: Result, objectives: Sequence[Objective]) -> Metrics | Failure:
    """What a result tells a strategy: the metrics of the load that stands for the point, or the failure."""
    if result.best is None or result.status != "done":
        kind = result.failure.kind if result.failure is not None else result.status
        phase = None if result.failure is None else result.failure.phase
        at_start = True if phase == "start" else None
        return Failure(kind, at_start=at_start, tried=result.status != "pruned")
    measurement = result.measurements[result.best]
    gpus = result.deployment.get("gpus") or None
    found = {metric_name(item): item.metric(measurement, gpus) for item in objectives}
    return found | {"feasible": float(result.score is not None)}


def predicted(point: CompiledPoint, objectives: Sequence[Objective]) -> Metrics | None:
    """The predictor's metrics for the load that it thinks best; None where it cannot say."""
    found = [item.measurement for item in predict_loads(point)]
    assert point.config is not None
    assert point.deployment is not None
    best, _ = score_measurements(found, point.config)
    if best is None:
        return None
    return {metric_name(item): item.metric(found[best], point.deployment.gpus_in_all or None) for item in objectives}


def _flatten(data: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(data, dict):
        return {prefix: data[0] if isinstance(data, list | tuple) and len(data) == 1 else data}
    found: dict[str, Any] = {}
    for key, value in data.items():
        found |= _flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return found


def _server(point: CompiledPoint) -> str:
    assert point.deployment is not None
    return point.deployment.name
