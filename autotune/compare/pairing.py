"""Which server of one side is compared with which of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.compare.side import Side, keyed

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs in the order of the first side, and what found no partner on either side."""

    pairs: tuple[tuple[Side, Side], ...]
    alone_before: tuple[Side, ...] = ()
    alone_after: tuple[Side, ...] = ()


def pair_sides(before: Sequence[Side], after: Sequence[Side]) -> Pairing:
    """Servers that share what was swept over; a single one is compared with each of the other side.

    A point of a sweep over fewer parameters goes with each point that agrees with it in those.
    """
    if len(before) == 1 or len(after) == 1:
        return Pairing(tuple((one, other) for one in before for other in after))
    old, new = _keys(before), _keys(after)
    pairs = [(one, other) for one in before for other in after if old[one.title] == new[other.title]]
    met = {id(side) for pair in pairs for side in pair}
    for one in before:
        for other in after:
            first, second = old[one.title], new[other.title]
            fresh = id(one) not in met or id(other) not in met
            if fresh and first and second and (first < second or second < first):
                pairs.append((one, other))
    met = {id(side) for pair in pairs for side in pair}
    return Pairing(
        tuple(pairs),
        tuple(side for side in before if id(side) not in met),
        tuple(side for side in after if id(side) not in met),
    )


def _keys(sides: Sequence[Side]) -> dict[str, frozenset[str]]:
    """What sets each apart, by title: what was swept, else the settings that differ, else its name."""
    keys = {side.title: side.key for side in sides}
    if len(set(keys.values())) < len(keys):
        keys = keyed(sides)
    if len(set(keys.values())) < len(keys):
        keys = {side.title: frozenset({side.name or side.title}) for side in sides}
    return keys
