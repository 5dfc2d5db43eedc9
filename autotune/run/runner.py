"""Running a sweep: choose the executor, check this machine, open the run, run what is not settled yet, close the run."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from autotune.bench import find_client
from autotune.diagnostics import diagnostic
from autotune.run.cooldown import find_cooldowns
from autotune.run.dispatch import dispatch, dispatch_guided
from autotune.run.events import Noted, RunClosed, RunOpened, Silent
from autotune.run.executor import make_executor
from autotune.run.experiment import Bench, Servers
from autotune.run.guide import make_guide
from autotune.run.journal import Journal
from autotune.run.labels import point_labels
from autotune.run.ledger import PATIENCE_S, Ledger
from autotune.run.leftovers import sweep_servers
from autotune.run.plan import group_points
from autotune.run.prepare import prepare
from autotune.run.pulse import Pulse
from autotune.run.state import open_run
from autotune.run.stop import Stop, listen_to_signals
from autotune.score import score_measurements
from autotune.store.places import data_dir as default_data_dir
from autotune.store.record import RunInputs

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from autotune.bench.client import BenchClient
    from autotune.compiled import CompiledPoint
    from autotune.predict.predictor import Timing
    from autotune.run.choose import Probes
    from autotune.run.events import Reporter
    from autotune.run.experiment import ScoreOf
    from autotune.run.prepare import MakeExecutor
    from autotune.store.result import Result
    from autotune.store.store import Store


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a run ended. `results` are those of its points that are settled, `waiting` counts those that are not, `signal`
    is what interrupted it.
    """

    run_id: str
    folder: Path
    results: tuple[Result, ...]
    waiting: int
    signal: signal.Signals | None = None

    def count(self, status: str) -> int:
        return sum(result.status == status for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 done, 1 some points failed (here, or a short while ago, and are cooling down), 128 + n interrupted by signal n
        (130 for Ctrl-C, 143 for SIGTERM and `autotune cancel`).
        """
        if self.signal is not None:
            return 128 + self.signal
        return 1 if self.count("failed") or any(_cools_down(result) for result in self.results) else 0


def _cools_down(result: Result) -> bool:
    return result.failure is not None and result.failure.kind == "cooling_down"


def utc_now() -> datetime:
    return datetime.now(UTC)


def run_points(
    points: Sequence[CompiledPoint],
    *,
    store: Store,
    inputs: RunInputs | None = None,
    reporter: Reporter | None = None,
    timing_of: Callable[[str], Timing] | None = None,
    score_of: ScoreOf = score_measurements,
    run_id: str | None = None,
    data_dir: Path | None = None,
    clock: Callable[[], datetime] = utc_now,
    probes: Probes | None = None,
    make: MakeExecutor = make_executor,
    client_of: Callable[[str], BenchClient] = find_client,
    stop: Stop | None = None,
    patience_s: float = PATIENCE_S,
) -> RunSummary:
    """Run points and store their results, going on with the unfinished run of the same points if there is one.

    Points that the checks refuse are stored as pruned. `timing_of` gives the timing of a deployment by its name, for
    emulation (default: the roofline's). Where `optimization.strategy` learns from results it chooses which points are run,
    else all are. `run_id` goes on with that very run. `data_dir` holds the run's folder. `probes`, `make`, `client_of` and `clock` stand for this machine. `clock` is
    for dates alone: no duration is taken from it, so it may jump. `patience_s` is how long a store that is busy or full
    is waited for.

    SIGINT, SIGTERM, SIGHUP and `autotune cancel` stop the run: once politely, twice at once. Whatever happens, every server
    started is ended. Raises InputError before anything is started: nothing to run (AT023), something missing here
    (AT030), the run in use (AT032), the store (AT031) or the run's folder (AT050) unusable; later AT031 where the store
    stays unusable, and what is stored by then stays.
    """
    reporter = reporter or Silent()
    stop = stop or Stop()
    ready = prepare(points, timing_of=timing_of, probes=probes, make=make, client_of=client_of)
    points, runnable, kind = ready.points, ready.runnable, ready.kind
    with (
        listen_to_signals(stop),
        open_run(store, ready.ids, ready.executor, inputs or RunInputs(),
                 data_dir=data_dir or default_data_dir(), clock=clock, run_id=run_id) as run,
    ):  # fmt: skip
        reporter = Journal(run.folder, reporter, clock)
        ledger = Ledger(store, run, kind, reporter, clock, stop=stop, patience_s=patience_s)
        waiting = ledger.waiting(points)
        guide = make_guide(runnable, ledger.results)
        most = None if guide is None else len(points) - len(runnable) + guide.most
        ledger.report(
            RunOpened(run.run_id, run.folder, ready.executor, point_labels(points), len(waiting), run.resumed,
                      None if guide is None else guide.name, most)
        )  # fmt: skip
        for item in ready.notes:
            if item is not None:
                ledger.report(Noted(item))
        ledger.remember(runnable)
        if kind != "emulated":
            _leave_cooling(waiting, ledger, store, run.run_id, clock())
        for point in waiting:
            if not point.runnable:
                ledger.prune(point)
        next_on = None if guide is None else guide.next_on
        bench = Bench(ledger, stop, Servers(), run.folder, ready.executor_for, client_of, score_of, next_on)

        def progress() -> tuple[int, int]:
            return len(points) - len(ledger.waiting(points)), len(points) if most is None else most

        with Pulse(run.folder, stop, progress, clock().isoformat(timespec="seconds")):
            if guide is None:
                dispatch(group_points(ledger.waiting(runnable)), bench, ready.limits)
            else:
                dispatch_guided(guide, bench, ready.limits)
        sweep_servers(run.folder)  # what could not be removed when its server ended
        waiting = ledger.waiting(points)
        if not stop.asked:
            ledger.finish()
        order = {point.id: place for place, point in enumerate(points)}
        results = sorted(ledger.results(), key=lambda result: order[result.point_id])
        summary = RunSummary(run.run_id, run.folder, tuple(results), len(waiting), stop.signal)
        ledger.report(RunClosed(run.run_id, summary.count("done"), summary.count("failed"), summary.count("pruned"),
                                summary.waiting, stop.asked))  # fmt: skip
        return summary


def _leave_cooling(points: Sequence[CompiledPoint], ledger: Ledger, store: Store, run_id: str, now: datetime) -> None:
    """Leave points alone whose servers failed to load on this machine a short while ago, and say so."""
    longest_h = max((point.config.optimization.cooldown_h for point in points if point.config is not None), default=0.0)
    if longest_h <= 0:
        return
    since = (now - timedelta(hours=longest_h)).isoformat(timespec="seconds")
    cooling = find_cooldowns(points, store.failed_since(since, run_id), platform.node(), now)
    if cooling:
        ledger.leave_alone(cooling)
        many = (
            f"{len(cooling)} of {len(points)} points are not tried: their servers"
            if len(points) > 1
            else "the point is not tried: its server"
        )
        ledger.report(
            Noted(diagnostic("AT211", f"{many} failed to load on this machine a short while ago", path="optimization.cooldown_h",
                             help="optimization.cooldown_h=0 tries them now; the results say in which run, and how"))
        )  # fmt: skip
