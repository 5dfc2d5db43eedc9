"""Runs as they stand now: what each does, how many of its points are left, and who works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from autotune.run.pulse import Vitals
    from autotune.store.record import RunRecord, RunSummary
    from autotune.store.store import Store

State = Literal["queued", "running", "interrupted", "finished", "imported"]
STATES: tuple[State, ...] = get_args(State)

_SETTLED = ("done", "failed", "pruned")


class Standing(Protocol):
    """A run that was looked at."""

    @property
    def state(self) -> State: ...


Seen = TypeVar("Seen", bound=Standing)


def list_runs(
    store: Store,
    folders: Path,
    look: Callable[[Iterable[RunSummary]], list[Seen]],
    place: tuple[int, int],
    state: State | None = None,
) -> tuple[list[Seen], int]:
    """One page of the runs that are in a state (of all runs for None), the latest first, and how many there are in all.

    `place` is how many are passed over and how many are wanted; `folders` has the folders of the runs of this machine. Only
    runs that may be in that state are read.
    """
    # `run_state` is for whoever has neither a store nor processes to look at.
    from autotune.run.pulse import ALIVE_FILE, take_pulse
    from autotune.store.reading import RunFilter

    offset, limit = place
    if state in (None, "imported"):
        records, total = store.run_page(offset, limit, RunFilter(imported=None if state is None else True))
        return look(records), total
    # A run that is over is worked on again where points that failed are tried once more.
    alive = [path.parent.name for path in folders.glob(f"*/{ALIVE_FILE}") if take_pulse(path.parent).alive is not None]
    if state == "finished":
        records, total = store.run_page(offset, limit, RunFilter(finished=True, imported=False, without=alive))
        return look(records), total
    records = store.runs(RunFilter(finished=False, imported=False))
    if state == "running":
        records += store.runs(RunFilter(finished=True, imported=False, among=alive))
        records.sort(key=lambda record: record.run_id, reverse=True)
    found = [item for item in look(records) if item.state == state]
    return found[offset : offset + limit], len(found)


def run_state(record: RunRecord | RunSummary, vitals: Vitals, *, queued: bool = False) -> State:
    """What a run does. `queued` says that it waits in the queue of this machine (autotune.run.queue)."""
    if record.source is not None:
        return "imported"
    if vitals.alive is not None:
        return "running"
    if record.finished:
        return "finished"
    return "queued" if queued else "interrupted"


def run_data(record: RunRecord | RunSummary, vitals: Vitals, *, queued: bool = False) -> dict[str, Any]:
    """One element of `runs --format json`: the record, the state, and who works on the run."""
    beat = vitals.beat if vitals.alive is not None else None
    worker = None if beat is None else {"pid": beat.pid, "host": beat.host, "user": beat.user, "since": beat.started_at}
    state = run_state(record, vitals, queued=queued)
    return {**record.as_dict(), "state": state, "waiting": points_waiting(record), "worker": worker}


def points_waiting(record: RunRecord | RunSummary) -> int:
    """Points without a result."""
    return max(record.point_count - sum(record.counts.get(name, 0) for name in _SETTLED), 0)
