"""Opening a run: a new one, or the unfinished one of the same points; locked, and rid of what dead runs left behind."""

from __future__ import annotations

import errno
import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, diagnostic
from autotune.run.environment import machine_environment
from autotune.run.failures import TRANSIENT
from autotune.run.leftovers import sweep_runs
from autotune.run.lock import RunLock
from autotune.run.plan import run_fingerprint
from autotune.run.pulse import take_pulse
from autotune.run.whole_file import DRAFT, check_room, write_whole
from autotune.store.places import HOME_VARIABLE, make_private
from autotune.store.record import RunInputs, RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from autotune.diagnostics import Diagnostic
    from autotune.run.pulse import Vitals
    from autotune.store.result import Result
    from autotune.store.store import Store


#: What a run's folder says about itself.
RUN_FILE = "run.json"


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that this process holds. `earlier` are the results that are there already, by point id."""

    record: RunRecord
    folder: Path
    resumed: bool
    earlier: Mapping[str, Result]

    @property
    def run_id(self) -> str:
        return self.record.run_id


@contextmanager
def open_run(
    store: Store,
    point_ids: Sequence[str],
    executor: str,
    inputs: RunInputs,
    *,
    data_dir: Path,
    clock: Callable[[], datetime],
    run_id: str | None = None,
) -> Iterator[OpenRun]:
    """Hold the run of these points on that executor: the unfinished one if there is one, else a new one.

    With `run_id` that very run, finished or not. Raises InputError: AT031 when it is not stored or its points are
    others, AT032 when another process works on it, AT050 when its folder cannot be written.
    """
    fingerprint = run_fingerprint(point_ids, executor)
    runs = make_private(data_dir.absolute() / "runs")
    with ExitStack() as held, ExitStack() as opened:
        opened.enter_context(_writable(runs))
        with RunLock(runs, wait=True):  # so that two processes do not both make the run
            sweep_runs(runs)
            record = store.unfinished_run(fingerprint) if run_id is None else _named(store, run_id, fingerprint)
            resumed = record is not None
            if record is None:
                now = clock()
                name = _free_name(runs, f"{now:%Y%m%d-%H%M%S}-{fingerprint[:6]}")
                record = RunRecord(
                    name, fingerprint, executor, tuple(point_ids), inputs, now.isoformat(timespec="seconds"),
                    environment=machine_environment(Path(inputs.cwd or ".")),
                )  # fmt: skip
            folder = make_private(runs / record.run_id)
            try:
                held.enter_context(RunLock(folder))
            except BlockingIOError:
                raise InputError(_in_use(record.run_id, take_pulse(folder))) from None
            for draft in folder.glob(f".*{DRAFT}"):
                draft.unlink(missing_ok=True)
            check_room(folder)
            if not resumed:
                store.create_run(record)
            note = {
                "run_id": record.run_id,
                "executor": executor,
                "created_at": record.created_at,
                "points": list(point_ids),
                "store": store.name,
            }
            write_whole(folder / RUN_FILE, json.dumps(note, indent=2) + "\n")
        earlier = {result.point_id: result for result in store.results(record.run_id)}
        opened.close()
        yield OpenRun(record, folder, resumed, earlier)


def is_settled(result: Result) -> bool:
    """Whether a point need not be run again: it is done or pruned, or failed for a reason that another try would meet too."""
    if result.failure is not None and result.failure.kind in (*TRANSIENT, "cooling_down"):
        return False
    return result.status in ("done", "pruned") or (result.status == "failed" and result.failure is not None)


def _in_use(run_id: str, vitals: Vitals) -> Diagnostic:
    who = "another autotune process" if vitals.beat is None else f"autotune {vitals.beat.who}"
    return diagnostic("AT032", f"{who} is working on run {run_id}",
                      help=f"wait until it is done, or stop it: `autotune cancel {run_id}`")  # fmt: skip


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """What the system refuses while a run is opened, as an InputError (AT050)."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space" if full else "look at its permissions and its disk"
        raise InputError(
            diagnostic("AT050", f"the folder {folder} cannot be written: {error.strerror or error}",
                       help=f"{remedy}, or set {HOME_VARIABLE} to another folder; what is stored is intact")
        ) from error  # fmt: skip


def _named(store: Store, run_id: str, fingerprint: str) -> RunRecord:
    record = store.find_run(run_id)
    if record.fingerprint != fingerprint:
        raise InputError(
            diagnostic("AT031", f"run {record.run_id} has other points, or another executor, than what its inputs compile to now",
                       help="a config, profile, model or the machine has changed since; start a new run")
        )  # fmt: skip
    return record


def _free_name(runs: Path, name: str) -> str:
    number = 1
    while (runs / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return name if number == 1 else f"{name}-{number}"
