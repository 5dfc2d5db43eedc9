"""Which points share a server, and how long things may take. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.bench.loads import expand_loads
from autotune.schema import SERVING_GROUPS, stable_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.compiled import CompiledPoint
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Load
    from autotune.schema import Benchmark

#: A server that runs out of memory with a value here does so with a larger one, all else being equal.
GROWING_PATHS = ("misc.context_length", "scheduling.max_batched_tokens", "scheduling.max_running_requests")

#: Time that load clients take beside sending requests: imports, tokenizer, warm-up, writing reports.
CLIENT_START_S = 180.0
CLIENT_LOAD_S = 60.0


@dataclass(frozen=True, slots=True)
class ServerGroup:
    """The points that one server serves, in their order; they differ in benchmark, objectives or SLOs alone."""

    deployment: Deployment
    points: tuple[CompiledPoint, ...]
    measure_s: float
    """Time that its measurements may take by their own limits, in s."""


def run_fingerprint(point_ids: Iterable[str], executor: str) -> str:
    """What makes two commands the same run: the points in order, and where they run."""
    return stable_hash([executor, *point_ids], 24)


def group_points(points: Iterable[CompiledPoint]) -> list[ServerGroup]:
    """One group for each deployment, in the order in which the deployments first appear. The points are runnable."""
    by_name: dict[str, list[CompiledPoint]] = {}
    for point in points:
        assert point.deployment is not None
        by_name.setdefault(point.deployment.name, []).append(point)
    groups = []
    for members in by_name.values():
        deployment = members[0].deployment
        assert deployment is not None
        groups.append(ServerGroup(deployment, tuple(members), sum(_measure_s(point) for point in members)))
    return groups


def point_loads(point: CompiledPoint) -> tuple[Load, ...]:
    """The loads of a point. Raises InputError for a scenario that cannot be read."""
    assert point.config is not None
    return expand_loads(point.config.benchmark, point.config.runtime)


def benchmark_limit_s(benchmark: Benchmark, loads: int) -> float:
    """When a client that has not come back is stuck, in s: what `benchmark.timeout_s` says, else half as much again as its
    loads may take (at least a minute each: some tools count in minutes), and time for its own start.
    """
    if benchmark.timeout_s is not None:
        return benchmark.timeout_s
    return CLIENT_START_S + loads * (max(benchmark.max_time_s, 60.0) * 1.5 + CLIENT_LOAD_S)


def needs_as_much(point: CompiledPoint, failed: CompiledPoint) -> bool:
    """Whether the point's server needs at least the memory of one that ran out of it: no GROWING_PATHS value is
    smaller, and everything else is the same.
    """
    mine, theirs = _serving(point), _serving(failed)
    for path in GROWING_PATHS:
        group, _, name = path.partition(".")
        have, had = mine[group].pop(name, None), theirs[group].pop(name, None)
        if have != had and (have is None or had is None or have < had):
            return False
    return mine == theirs


def loads_as_much(point: CompiledPoint, failed: CompiledPoint) -> bool:
    """Whether the point puts at least the load on its server under which another's ran out of memory: the same requests,
    and no fewer of them at once.
    """
    mine, theirs = (dict(item.data.get("benchmark") or {}) for item in (point, failed))
    for name in ("num_concurrency", "request_rate"):
        have, had = mine.pop(name, None) or [0], theirs.pop(name, None) or [0]
        if max(have) < max(had):
            return False
    return mine == theirs


def _serving(point: CompiledPoint) -> dict[str, dict[str, Any]]:
    return {group: dict(point.data.get(group) or {}) for group in SERVING_GROUPS}


def _measure_s(point: CompiledPoint) -> float:
    assert point.config is not None
    return len(point_loads(point)) * point.config.benchmark.max_time_s
