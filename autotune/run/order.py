"""In which order experiments start, so that all of them are over soon. Pure."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from autotune.run.floor import makespan, shortest_makespan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autotune.run.floor import Job
    from autotune.run.slots import Layout

#: Rules of list scheduling. The longest first is the best one where all are of one width; of different widths the widest
#: go first, because they need the floor empty, and the small ones fill what is left at the end.
RULES: tuple[Callable[[Job], tuple[float, ...]], ...] = (
    lambda job: (-job.seconds, -job.slots),
    lambda job: (-job.slots, -job.seconds),
    lambda job: (-job.slots * job.seconds, -job.slots),
)

#: An order whose end is this close to the bound is not looked at any further: what jobs really take is known less well.
_GOOD_ENOUGH = 1.02
#: Moves tried on the best rule's order, fewer where there are many jobs: less than 0.2 s in all.
_MOVES = 400
_MOVES_BY_JOBS = 20_000
_SEED = 0


def best_order(jobs: Sequence[Job], layout: Layout, at_once: int | None) -> list[Job]:
    """The order that ends first if every job takes its `seconds`: the best of `RULES`, with some jobs moved if that helps."""
    bound = shortest_makespan(jobs, layout, at_once) * _GOOD_ENOUGH
    best, end = list(jobs), float("inf")
    for rule in RULES:
        order = sorted(jobs, key=rule)
        if (its_end := makespan(order, layout, at_once)) < end:
            best, end = order, its_end
    rng = Random(_SEED)  # noqa: S311 - an order, not a secret
    for _ in range(min(_MOVES, _MOVES_BY_JOBS // max(len(jobs), 1)) if len(jobs) > 2 else 0):
        if end <= bound:
            break
        order = list(best)
        order.insert(rng.randrange(len(order)), order.pop(rng.randrange(len(order))))
        if (its_end := makespan(order, layout, at_once)) < end:
            best, end = order, its_end
    return best
