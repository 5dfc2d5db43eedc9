"""Experiments side by side, as they fit on the slots; one thread each."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from autotune.run.events import Stopping
from autotune.run.experiment import run_group
from autotune.run.floor import Floor, Job
from autotune.run.layout import slots_needed
from autotune.run.order import best_order
from autotune.run.plan import group_points

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from autotune.run.experiment import Bench
    from autotune.run.guide import Guide
    from autotune.run.layout import Limits
    from autotune.run.plan import ServerGroup
    from autotune.run.slots import Assigned, Layout

#: About what a server takes to start, in s, for the order in which they do.
START_S = 60.0
_TICK_S = 0.1
#: How long workers may take to notice that their servers were ended at once.
_AT_ONCE_S = 10.0


def dispatch(groups: Sequence[ServerGroup], bench: Bench, limits: Limits) -> None:
    """Run every group; return when all have ended, or been stopped. What a worker raises is raised here, after the others
    have been stopped. Servers on GPUs and servers on CPU cores do not run at the same time: they would share the cores.
    """
    layouts = {id(layout): layout for group in groups for layout in [limits.layout(group.deployment)]}
    for key, layout in layouts.items():
        mine = [group for group in groups if id(limits.layout(group.deployment)) == key]
        work = _Work(mine, bench, layout, limits.at_once(layout))
        try:
            while not bench.stop.asked and work.start():
                work.wait()
            while work.busy:
                work.wait()
        finally:
            work.finish()


def dispatch_guided(guide: Guide, bench: Bench, limits: Limits) -> None:
    """Run what the guide names, as it fits, until it names nothing more and nothing runs. Otherwise as `dispatch`."""
    work = _Work((), bench, limits.gpus, limits.at_once(limits.gpus))
    try:
        while not bench.stop.asked:
            work = _feed(work, guide, bench, limits)
            if not work.busy:
                return
            work.wait()
        while work.busy:
            work.wait()
    finally:
        work.finish()


def _feed(work: _Work, guide: Guide, bench: Bench, limits: Limits) -> _Work:
    """Start what the guide names until it names nothing or there is no room, on another layout once the floor is empty."""
    # A strategy is not asked for what could not start: what it is asked must not depend on when a thread looks.
    while not work.full and (point := guide.next(work.running)) is not None:
        assert point.deployment is not None
        layout = limits.layout(point.deployment)
        if work.layout is not layout and not work.busy:
            work = _Work((), bench, layout, limits.at_once(layout))
        if work.layout is not layout or not work.add(group_points([point])[0]):
            guide.put_back(point)
            break
    return work


class _Work:
    def __init__(self, groups: Sequence[ServerGroup], bench: Bench, layout: Layout, at_once: int | None) -> None:
        self._groups = {group.deployment.name: group for group in groups}
        self._bench = bench
        self.layout = layout
        jobs = [_job(group, layout) for group in groups]
        # One after the other, the user's own order is as good as any.
        self._floor = Floor(jobs if at_once == 1 else best_order(jobs, layout, at_once), layout, at_once)
        self._ended: queue.SimpleQueue[tuple[str, BaseException | None]] = queue.SimpleQueue()
        self._told = 0
        self._given_up: float | None = None

    @property
    def busy(self) -> bool:
        """Whether a group still runs; after a stop at once, only for the time that clean-up may take."""
        return bool(self._floor.running) and (self._given_up is None or time.monotonic() < self._given_up)

    @property
    def full(self) -> bool:
        """Whether nothing more could start now, however small."""
        return self._floor.full

    @property
    def running(self) -> Collection[str]:
        """The servers that run, by name."""
        return self._floor.running

    def add(self, group: ServerGroup) -> bool:
        """Start one more group if there is room for it now; whether there was."""
        job = _job(group, self.layout)
        self._groups[job.name] = group
        self._floor.add(job)
        if self.start():
            self._floor.withdraw(job)
            return False
        return True

    def start(self) -> bool:
        """Start the groups there is room for, each in a thread of its own. Returns whether any is still to be started."""
        for job, taken in self._floor.start():
            arguments = (self._groups[job.name], self.layout.assigned(taken))
            threading.Thread(target=self._run, args=arguments, name=f"experiment-{job.name}", daemon=True).start()
        return bool(self._floor.waiting)

    def wait(self) -> None:
        """Wait a moment for a group to end, and pass on what was asked meanwhile. Raises what the group raised."""
        self._heed_stop()
        try:
            name, error = self._ended.get(timeout=_TICK_S)
        except queue.Empty:
            return
        self._floor.end(name)
        if error is not None:
            raise error

    def finish(self) -> None:
        """On the way out: where work still goes on, which an exception alone leads to, stop it and wait for it."""
        self._heed_stop()
        if self.busy:
            self._bench.stop.ask(None)
        while self.busy:
            with suppress(Exception):  # the first exception is the one that is raised
                self.wait()

    def _run(self, group: ServerGroup, assigned: Assigned) -> None:
        error: BaseException | None = None
        try:
            run_group(group, assigned, self._bench)
        except BaseException as caught:  # noqa: BLE001 - raised again in the thread that waits
            error = caught
        self._ended.put((group.deployment.name, error))

    def _heed_stop(self) -> None:
        stop = self._bench.stop
        if stop.requests > self._told and stop.signal is not None:
            self._told = stop.requests
            self._bench.ledger.report(Stopping(stop.by, stop.at_once))
        if stop.at_once:
            self._given_up = self._given_up or time.monotonic() + _AT_ONCE_S
            self._bench.servers.end_all()


def _job(group: ServerGroup, layout: Layout) -> Job:
    slots, nodes = slots_needed(group.deployment, layout)
    return Job(group.deployment.name, slots, nodes, START_S + group.measure_s)
