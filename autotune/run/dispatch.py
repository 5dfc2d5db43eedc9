"""Experiments side by side, as they fit on the GPUs; one thread each."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.run.events import Stopping
from autotune.run.experiment import run_group
from autotune.run.plan import longest_first
from autotune.run.slots import GpuSlots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.run.experiment import Bench
    from autotune.run.plan import ServerGroup
    from autotune.run.slots import Slot

_TICK_S = 0.1
#: How long workers may take to notice that their servers were ended at once.
_AT_ONCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The GPUs to hand out, by node (`GpuSlots`), to `max_parallel` experiments at most.

    Without GPUs to hand out (a cluster schedules its own) as many as `max_parallel` says run at once, else one.
    """

    layout: tuple[tuple[str, ...], ...] = ()
    max_parallel: int | None = None

    @property
    def at_once(self) -> int | None:
        return self.max_parallel if self.layout else self.max_parallel or 1


def dispatch(groups: Sequence[ServerGroup], bench: Bench, limits: Limits) -> None:
    """Run every group; return when all have ended, or been stopped. What a worker raises is raised here, after the others
    have been stopped.
    """
    work = _Work(bench, limits)
    order = list(groups) if limits.at_once == 1 else longest_first(groups)
    try:
        while (order and not bench.stop.asked) or work.busy:
            order = [group for group in order if not work.start(group)]
            work.wait()
    finally:
        work.finish()


class _Work:
    def __init__(self, bench: Bench, limits: Limits) -> None:
        self._bench = bench
        self._most = limits.at_once
        self._slots = GpuSlots(limits.layout) if limits.layout else None
        self._active: dict[str, tuple[Slot, ...]] = {}
        self._ended: queue.SimpleQueue[tuple[str, BaseException | None]] = queue.SimpleQueue()
        self._told = 0
        self._given_up: float | None = None

    @property
    def busy(self) -> bool:
        """Whether a group still runs; after a stop at once, only for the time that clean-up may take."""
        return bool(self._active) and (self._given_up is None or time.monotonic() < self._given_up)

    def start(self, group: ServerGroup) -> bool:
        """Start a group in a thread of its own if there is room."""
        if self._bench.stop.asked or (self._most is not None and len(self._active) >= self._most):
            return False
        taken: tuple[Slot, ...] | None = ()
        if self._slots is not None:
            taken = self._slots.take(group.deployment.gpus, group.deployment.nodes)
        if taken is None:
            return False
        name = group.deployment.name
        self._active[name] = taken
        devices = tuple(device for _, device in taken)
        threading.Thread(target=self._run, args=(group, devices), name=f"experiment-{name}", daemon=True).start()
        return True

    def wait(self) -> None:
        """Wait a moment for a group to end, and pass on what was asked meanwhile. Raises what the group raised."""
        self._heed_stop()
        try:
            name, error = self._ended.get(timeout=_TICK_S)
        except queue.Empty:
            return
        taken = self._active.pop(name)
        if self._slots is not None:
            self._slots.give_back(taken)
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

    def _run(self, group: ServerGroup, devices: tuple[str, ...]) -> None:
        error: BaseException | None = None
        try:
            run_group(group, devices, self._bench)
        except BaseException as caught:  # noqa: BLE001 - raised again in the thread that waits
            error = caught
        self._ended.put((group.deployment.name, error))

    def _heed_stop(self) -> None:
        stop = self._bench.stop
        if stop.requests > self._told and stop.signal is not None:
            self._told = stop.requests
            self._bench.ledger.report(Stopping(stop.signal.name, stop.at_once))
        if stop.at_once:
            self._given_up = self._given_up or time.monotonic() + _AT_ONCE_S
            self._bench.servers.end_all()
