"""Which experiments run on which slots, and which wait: decisions alone, without threads and without a clock."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
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
        self.running: dict[str, tuple[Slot, ...]] = {}
        self._slots = Slots(layout) if layout else None
        self._at_once = at_once
        # One queue for each shape, each job with its place in the order: what a shape is refused is refused to all of it.
        self._queues: dict[tuple[int, int], deque[tuple[int, Job]]] = {}
        self._places = itertools.count()
        for job in jobs:
            self.add(job)

    @property
    def waiting(self) -> list[Job]:
        """The jobs that are not started yet, in order."""
        return [job for _, job in heapq.merge(*self._queues.values())]

    def add(self, job: Job) -> None:
        """Let one more job wait, behind the others."""
        self._queues.setdefault((job.slots, job.nodes), deque()).append((next(self._places), job))

    def withdraw(self, job: Job) -> None:
        """The job that was added last is not to be started after all."""
        self._pop((job.slots, job.nodes), last=True)

    @property
    def full(self) -> bool:
        """Whether no job of any size could start now."""
        if self._at_once is not None and len(self.running) >= self._at_once:
            return True
        return self._slots is not None and self._slots.used_up

    def start(self) -> list[tuple[Job, tuple[Slot, ...]]]:
        """Start every job that can start now: they are running from here on, on these slots."""
        started: list[tuple[Job, tuple[Slot, ...]]] = []
        left = set(self._queues)
        while left and not self.full:
            shape = min(left, key=lambda shape: self._queues[shape][0][0])
            job = self._queues[shape][0][1]
            taken = self._take(job)
            if taken is None:
                left.discard(shape)
                continue
            self.running[job.name] = taken
            started.append((job, taken))
            if not self._pop(shape):
                left.discard(shape)
        return started

    def end(self, name: str) -> None:
        """A job has ended and its slots are free."""
        taken = self.running.pop(name)
        if self._slots is not None:
            self._slots.give_back(taken)

    def _pop(self, shape: tuple[int, int], *, last: bool = False) -> bool:
        """Take a job out of a queue; whether others of its shape wait."""
        queue = self._queues[shape]
        queue.pop() if last else queue.popleft()
        if not queue:
            del self._queues[shape]
        return bool(queue)

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
