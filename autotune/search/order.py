"""Which points of a sweep are run, and in which order, where nothing has to be learnt from results."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random


def order_points(ids: Sequence[str], strategy: str, rng: Random, max_experiments: int | None) -> list[str]:
    """Ids in the order to run them, at most `max_experiments`: as given, or for `random` shuffled by `rng`.

    The other strategies are taken as the grid, of which `check_strategy` warns.
    """
    ordered = list(ids)
    if strategy == "random":
        rng.shuffle(ordered)
    return ordered[:max_experiments]
