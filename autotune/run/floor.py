"""Which experiments run on which slots, and which wait: decisions alone, without threads and without a clock."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.run.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.run.slots import Layout, Slot


@dataclass(frozen=True, slots=True)
class Job:
    """One experiment as the floor sees it: the slots it needs, evenly on so many nodes, and about how long it takes, in s."""

    name: str
    slots: int
    nodes: int = 1
    seconds: float = 1.0


class Floor:
    """Jobs in the order in which they are to start. One that does not fit now lets those behind it go first.

    Without a layout slots are not told apart. `at_once` bounds how many jobs run; None: as many as fit.
    """

    def __init__(self, jobs: Sequence[Job], layout: Layout, at_once: int | None) -> None:
        self.waiting = list(jobs)
        self.running: dict[str, tuple[Slot, ...]] = {}
        self._slots = Slots(layout) if layout else None
        self._at_once = at_once

    @property
    def full(self) -> bool:
        """Whether no job of any size could start now."""
        if self._at_once is not None and len(self.running) >= self._at_once:
            return True
        return self._slots is not None and self._slots.used_up

    def start(self) -> list[tuple[Job, tuple[Slot, ...]]]:
        """Start every job that can start now: they are running from here on, on these slots."""
        started: list[tuple[Job, tuple[Slot, ...]]] = []
        left: list[Job] = []
        # Slots only go while jobs are started: what one shape was refused, the next of it is too.
        refused: set[tuple[int, int]] = set()
        for place, job in enumerate(self.waiting):
            if self.full:
                left += self.waiting[place:]
                break
            shape = (job.slots, job.nodes)
            taken = None if shape in refused else self._take(job)
            if taken is None:
                refused.add(shape)
                left.append(job)
                continue
            self.running[job.name] = taken
            started.append((job, taken))
        self.waiting = left
        return started

    def end(self, name: str) -> None:
        """A job has ended and its slots are free."""
        taken = self.running.pop(name)
        if self._slots is not None:
            self._slots.give_back(taken)

    def _take(self, job: Job) -> tuple[Slot, ...] | None:
        if self._at_once is not None and len(self.running) >= self._at_once:
            return None
        return () if self._slots is None else self._slots.take(job.slots, job.nodes)


def makespan(jobs: Sequence[Job], layout: Layout, at_once: int | None) -> float:
    """When the last job ends if each takes its `seconds`, in s. Every job must fit on an empty floor."""
    floor = Floor(jobs, layout, at_once)
    ends: list[tuple[float, str]] = []
    now = 0.0
    while True:
        for job, _ in floor.start():
            heapq.heappush(ends, (now + job.seconds, job.name))
        if not ends:
            return now
        now, name = heapq.heappop(ends)
        floor.end(name)


def shortest_makespan(jobs: Sequence[Job], layout: Layout, at_once: int | None) -> float:
    """A time, in s, that no order can beat: neither the slots' whole work, nor what cannot run beside each other, is less.

    A job that leaves no room for any other runs alone; of the rest no two that need more than half of the slots together
    run at once.
    """
    total = sum(len(node) for node in layout.nodes)
    if not jobs:
        return 0.0
    if not total:
        lanes = min(at_once or len(jobs), len(jobs))
        return max(sum(job.seconds for job in jobs) / lanes, *(job.seconds for job in jobs))
    smallest = min(job.slots for job in jobs)
    alone = sum(job.seconds for job in jobs if job.slots + smallest > total)
    rest = [job for job in jobs if job.slots + smallest <= total]
    bounds = [0.0, *(job.seconds for job in rest)]
    bounds += [
        sum(job.slots * job.seconds for job in rest) / total,
        sum(job.seconds for job in rest if 2 * job.slots > total),
    ]
    if at_once is not None:
        bounds.append(sum(job.seconds for job in rest) / at_once)
    return alone + max(bounds)
