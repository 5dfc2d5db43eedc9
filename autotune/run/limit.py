"""Which points of a sweep a run takes: those that its strategy picks beforehand, as many as max_experiments allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.run.guide import BEFOREHAND
from autotune.search import choose_strategy, shuffled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint


def limit_points(points: Sequence[CompiledPoint], *, grid: bool = False) -> list[CompiledPoint]:
    """The points that the strategy takes, in its order, and those that cannot run; at least one can.

    A strategy that learns takes its own out of all of them during the run; `grid` has them picked as the grid gives them.
    """
    runnable = {point.id: point for point in points if point.runnable}
    first = next(iter(runnable.values()))
    assert first.config is not None
    wanted = first.config.optimization
    name = choose_strategy(wanted.strategy, len(runnable), predicted=True, limit=wanted.max_experiments)
    if name not in BEFOREHAND and not grid:
        return list(points)
    ids = list(runnable)
    order = shuffled(len(ids), wanted.seed) if name == "random" else range(len(ids))
    chosen = [ids[index] for index in order][: wanted.max_experiments]
    return [runnable[name] for name in chosen] + [point for point in points if not point.runnable]


def learns(points: Sequence[CompiledPoint]) -> bool:
    """Whether the strategy of these points chooses by results. At least one of them can run."""
    runnable = [point for point in points if point.runnable]
    assert runnable[0].config is not None
    wanted = runnable[0].config.optimization
    name = choose_strategy(wanted.strategy, len(runnable), predicted=True, limit=wanted.max_experiments)
    return name not in BEFOREHAND
