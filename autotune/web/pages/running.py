"""Runs with what each does now, as lists of them show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autotune.report.page import show_time
from autotune.run.listing import points_waiting, run_state
from autotune.run.pulse import take_pulse
from autotune.store import data_dir

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.run.listing import State
    from autotune.run.pulse import Vitals
    from autotune.store import RunRecord, RunSummary
    from autotune.web.state import WebState


class Seen(NamedTuple):
    """A run as it stands now. `settled` counts its points that have a result."""

    record: RunRecord | RunSummary
    vitals: Vitals
    state: State
    settled: int
    #: Its place in the queue, from 1; 0 where it does not wait.
    turn: int

    @property
    def when(self) -> str:
        return show_time(self.record.created_at)


def look_at(state: WebState, records: Iterable[RunRecord | RunSummary]) -> list[Seen]:
    """What each run does, as far as this machine knows."""
    pending, queue = state.jobs.pending(), state.jobs.queued()
    found = []
    for record in records:
        vitals = take_pulse(data_dir() / "runs" / record.run_id)
        now = run_state(record, vitals, queued=record.run_id in pending)
        turn = queue.index(record.run_id) + 1 if record.run_id in queue else 0
        found.append(Seen(record, vitals, now, record.point_count - points_waiting(record), turn))
    return found
