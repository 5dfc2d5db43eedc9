"""What is settled before a run opens: its points, the executor, the slots, and what is missing on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.bench import find_client
from autotune.diagnostics import InputError, diagnostic
from autotune.run.choose import choose_executor, probe_machine
from autotune.run.executor import make_executor
from autotune.run.layout import find_limits
from autotune.run.plan import group_points
from autotune.run.preflight import check_run
from autotune.run.state import open_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from autotune.bench.client import BenchClient
    from autotune.compiled import CompiledPoint
    from autotune.diagnostics import Diagnostic
    from autotune.metrics import Kind
    from autotune.predict.predictor import Timing
    from autotune.run.choose import Probes
    from autotune.run.executor import Executor, Settings
    from autotune.run.layout import Limits
    from autotune.run.plan import ServerGroup
    from autotune.store.record import RunInputs, RunRecord
    from autotune.store.store import Store

    MakeExecutor = Callable[[Settings, Callable[[str], Timing]], Executor]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Points that may be run here. `executor` is its name, with auto settled; `notes` are findings that stop nothing."""

    points: list[CompiledPoint]
    runnable: list[CompiledPoint]
    executor: str
    executor_for: Callable[[ServerGroup], Executor]
    kind: Kind
    limits: Limits
    notes: list[Diagnostic]

    @property
    def ids(self) -> list[str]:
        return [point.id for point in self.points]


def prepare(
    points: Sequence[CompiledPoint],
    *,
    timing_of: Callable[[str], Timing] | None = None,
    probes: Probes | None = None,
    make: MakeExecutor = make_executor,
    client_of: Callable[[str], BenchClient] = find_client,
) -> Prepared:
    """Settle what a run of these points needs. Nothing is started or written.

    Raises InputError: AT023 nothing to run, AT027 several executors, AT030 something missing here.
    """
    points = list({point.id: point for point in points}.values())
    runnable = [point for point in points if point.runnable]
    if not runnable:
        raise InputError(diagnostic("AT023", "none of the points can run"))
    probes = probes or probe_machine()
    settings = _common_settings(runnable)
    groups = group_points(runnable)
    choice = choose_executor(settings, [group.deployment for group in groups], probes)
    known = timing_of or _roofline_timing(runnable)

    def executor_for(group: ServerGroup) -> Executor:
        own = _settings(group.points[0])
        return make(own if own.name == choice.settings.name else choice.settings, known)

    used = settings if settings.name == choice.settings.name else choice.settings
    limits, doubts = find_limits(used, runnable, probes, _max_parallel(runnable))
    kind = executor_for(groups[0]).kind
    found = check_run(groups, limits, executor_for, client_of, doubts)
    notes = [item for item in (choice.note, *found) if item is not None]
    return Prepared(points, runnable, choice.settings.name, executor_for, kind, limits, notes)


def reserve_run(
    prepared: Prepared, store: Store, inputs: RunInputs, *, data_dir: Path, clock: Callable[[], datetime]
) -> RunRecord:
    """Make the run of these points, for `autotune resume` to work on, or find the unfinished one; nothing is started.

    Raises InputError as `open_run` does: AT032 when a process works on it already.
    """
    with open_run(store, prepared.ids, prepared.executor, inputs, data_dir=data_dir, clock=clock) as run:
        return run.record


def _settings(point: CompiledPoint) -> Settings:
    assert point.config is not None
    return point.config.executor


def _common_settings(points: Sequence[CompiledPoint]) -> Settings:
    """One run has one executor: what is measured and what is emulated must not stand side by side."""
    names = sorted({_settings(point).name for point in points})
    if len(names) > 1:
        raise InputError(
            diagnostic("AT027", f"the points name several executors: {', '.join(names)}", path="executor",
                       help="run them one after the other, each with one executor")
        )  # fmt: skip
    return _settings(points[0])


def _max_parallel(points: Sequence[CompiledPoint]) -> int | None:
    numbers = [point.config.optimization.max_parallel for point in points if point.config is not None]
    return min((number for number in numbers if number is not None), default=None)


def _roofline_timing(points: Sequence[CompiledPoint]) -> Callable[[str], Timing]:
    from autotune.predict import Roofline

    by_name = {point.deployment.name: point for point in points if point.deployment is not None}

    def timing_of(name: str) -> Timing:
        point = by_name[name]
        assert point.config is not None
        assert point.facts is not None
        return Roofline().timing(point.config, point.facts)

    return timing_of
