"""Strategies that go through points in an order made beforehand: grid and random."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from autotune.search.told import Told

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from autotune.search.space import Space
    from autotune.search.strategy import Direction, Failure, Metrics


class Listed:
    """Points in the given order, less those that failures rule out."""

    def __init__(
        self, space: Space, objectives: Mapping[str, Direction], order: Sequence[int], limit: int | None
    ) -> None:
        self._told = Told(space, objectives, limit)
        self._order = list(order)

    def ask(self, running: Collection[int] = ()) -> int | None:  # noqa: ARG002 - the order is made
        if self._told.used_up:
            return None
        following = next((index for index in self._order if self._told.may_ask(index)), None)
        return None if following is None else self._told.take(following)

    def tell(self, index: int, outcome: Metrics | Failure) -> None:
        self._told.tell(index, outcome)

    def drop(self, index: int) -> None:
        self._told.drop(index)


def shuffled(size: int, seed: int) -> list[int]:
    """Every index once, in an order that the seed decides."""
    order = list(range(size))
    Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
    return order
