"""Runs as they stand now: what each does, how many of its points are left, and who works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from autotune.run.pulse import Vitals
    from autotune.store import RunRecord

State = Literal["queued", "running", "interrupted", "finished", "imported"]
STATES: tuple[State, ...] = get_args(State)

_SETTLED = ("done", "failed", "pruned")


def run_state(record: RunRecord, vitals: Vitals, *, queued: bool = False) -> State:
    """What a run does. `queued` says that it waits in the queue of this machine (autotune.run.queue)."""
    if record.source is not None:
        return "imported"
    if vitals.alive is not None:
        return "running"
    if record.finished:
        return "finished"
    return "queued" if queued else "interrupted"


def run_data(record: RunRecord, vitals: Vitals, *, queued: bool = False) -> dict[str, Any]:
    """One element of `runs --format json`: the record, the state, and who works on the run."""
    beat = vitals.beat if vitals.alive is not None else None
    worker = None if beat is None else {"pid": beat.pid, "host": beat.host, "user": beat.user, "since": beat.started_at}
    state = run_state(record, vitals, queued=queued)
    return {**record.as_dict(), "state": state, "waiting": points_waiting(record), "worker": worker}


def points_waiting(record: RunRecord) -> int:
    """Points without a result."""
    return max(len(record.points) - sum(record.counts.get(name, 0) for name in _SETTLED), 0)
