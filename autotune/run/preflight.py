"""What is missing on this machine for a whole run, found before the first server is started."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.bench import client_name
from autotune.diagnostics import Diagnostic, InputError, diagnostic, has_errors, unique
from autotune.run.executor import client_for
from autotune.run.foretell import calibration_problems
from autotune.run.plan import point_loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autotune.bench.client import BenchClient
    from autotune.compiled import CompiledPoint
    from autotune.run.executor import Executor
    from autotune.run.layout import Limits
    from autotune.run.plan import ServerGroup


def check_run(
    groups: Sequence[ServerGroup],
    limits: Limits,
    make: Callable[[ServerGroup], Executor],
    client_of: Callable[[str], BenchClient],
    doubts: Sequence[Diagnostic] = (),
) -> list[Diagnostic]:
    """`doubts` about the slots, and warnings and notes of every executor and load client. Raises InputError with all that
    keeps the run from starting.
    """
    found = list(_placed(groups[0].points[0], doubts))
    for group in groups:
        executor = make(group)
        if group.deployment.parts and not getattr(executor, "serves_parts", False):
            several = diagnostic("AT030", "only executor=kubernetes starts several servers behind a router", path="system.serving_mode",
                                 help="use it, or run system.serving_mode=agg")  # fmt: skip
            found += _placed(group.points[0], [several])
        else:
            found += _placed(group.points[0], executor.preflight(group.deployment))
        if not limits.fits(group.deployment):
            lacking = diagnostic("AT015", f"{group.deployment.gpus} GPUs are needed and there are fewer here", path="parallel.tp",
                                 help="lower parallel.tp, parallel.pp or parallel.dp")  # fmt: skip
            found += _placed(group.points[0], [lacking])
        for point in group.points:
            found += _placed(
                point, [replace(item, path="optimization.calibration") for item in calibration_problems(point)]
            )
            try:
                found += _placed(point, _client_problems(point, client_of, executor))
            except InputError as error:
                found += _placed(point, error.diagnostics)
    found = unique(found)
    if has_errors(found):
        raise InputError(*found)
    return found


def _client_problems(
    point: CompiledPoint, client_of: Callable[[str], BenchClient], executor: Executor
) -> list[Diagnostic]:
    assert point.config is not None
    point_loads(point)
    benchmark = point.config.benchmark
    tool = client_name(benchmark.tool, emulated=executor.kind == "emulated")
    return client_for(executor, tool, client_of).preflight(benchmark)


def _placed(point: CompiledPoint, found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    return (item.at(point.origin.get(item.path or "")) for item in found)
