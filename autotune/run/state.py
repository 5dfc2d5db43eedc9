"""Opening a run: a new one, or the unfinished one of the same points; locked, and rid of what dead runs left behind."""

from __future__ import annotations

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
from autotune.store.places import make_private
from autotune.store.record import RunInputs, RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from autotune.store.result import Result
    from autotune.store.store import Store


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
    others, AT032 when another process works on it.
    """
    fingerprint = run_fingerprint(point_ids, executor)
    runs = make_private(data_dir.absolute() / "runs")
    with ExitStack() as held:
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
                raise InputError(
                    diagnostic("AT032", f"another autotune process is working on run {record.run_id}",
                               help="wait until it is done, or stop it")
                ) from None  # fmt: skip
            if not resumed:
                store.create_run(record)
            note = {
                "run_id": record.run_id,
                "executor": executor,
                "created_at": record.created_at,
                "points": list(point_ids),
            }
            (folder / "run.json").write_text(json.dumps(note, indent=2) + "\n")
        earlier = {result.point_id: result for result in store.results(record.run_id)}
        yield OpenRun(record, folder, resumed, earlier)


def is_settled(result: Result) -> bool:
    """Whether a point need not be run again: it is done or pruned, or failed for a reason that another try would meet too."""
    if result.status == "failed":
        return result.failure is not None and result.failure.kind not in TRANSIENT
    return result.status in ("done", "pruned")


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
