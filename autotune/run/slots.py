"""Slots: which GPUs, or shares of the CPU cores, are free, and for whom they are enough."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: One GPU, or one share of the cores: the number of its node and its id there.
Slot = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is to hand out: the slot ids of each node, and the NUMA node of each slot where that is known.

    `shares` are the CPU cores behind a slot: one tuple for each physical core, with the numbers of its threads.
    """

    nodes: tuple[tuple[str, ...], ...] = ()
    zones: Mapping[Slot, int] = field(default_factory=dict)
    shares: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.nodes)


class Slots:
    """The slots of one or more nodes. Not thread-safe: one thread hands them out."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._free = [list(node) for node in layout.nodes]

    def fits(self, count: int, nodes: int = 1) -> bool:
        """Whether that many slots, spread evenly over that many nodes, would fit were all of them free."""
        share = _share(count, nodes)
        return sum(len(node) >= share for node in self._layout.nodes) >= nodes

    def take(self, count: int, nodes: int = 1) -> tuple[Slot, ...] | None:
        """Set slots aside, on the fullest nodes that have room, so that large deployments find empty ones; None when
        there are not enough free now. On each node they are of one NUMA node where that is possible.
        """
        share = _share(count, nodes)
        roomy = sorted((len(free), index) for index, free in enumerate(self._free) if len(free) >= share)
        if len(roomy) < nodes:
            return None
        taken: list[Slot] = []
        for _, index in roomy[:nodes]:
            chosen = self._choose(index, share)
            taken += [(index, device) for device in chosen]
            self._free[index] = [device for device in self._free[index] if device not in chosen]
        return tuple(taken)

    def give_back(self, slots: Iterable[Slot]) -> None:
        for index, device in slots:
            self._free[index].append(device)
            self._free[index].sort(key=self._layout.nodes[index].index)

    def _choose(self, index: int, share: int) -> list[str]:
        """The fullest NUMA node that has room for all of them, else the emptiest ones, so that they are spread over few."""
        zones: dict[int | None, list[str]] = defaultdict(list)
        for device in self._free[index]:
            zones[self._layout.zones.get((index, device))].append(device)
        roomy = [free for free in zones.values() if len(free) >= share]
        if roomy:
            return min(roomy, key=len)[:share]
        spread = [device for free in sorted(zones.values(), key=len, reverse=True) for device in free]
        return sorted(spread[:share], key=self._layout.nodes[index].index)


def share_cores(cores: Sequence[tuple[int, ...]], count: int, zones: Mapping[int, int]) -> Layout:
    """Slots of `count` physical cores each, as many as there are, none over two NUMA nodes unless it is larger than one.

    `cores` are the physical cores, each with the numbers of its threads; `zones` is the NUMA node of a thread. A slot's
    id is the list of its cores' first threads, e.g. `0-3`.
    """
    by_zone: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for core in sorted(cores):
        by_zone[zones.get(core[0], 0)].append(core)
    groups = list(by_zone.values())
    if count > max((len(group) for group in groups), default=0):
        groups = [[core for group in groups for core in group]]
    shares: dict[str, tuple[tuple[int, ...], ...]] = {}
    places: dict[Slot, int] = {}
    for group in groups:
        for start in range(0, len(group) - count + 1, count):
            part = tuple(group[start : start + count])
            name = number_ranges([core[0] for core in part])
            shares[name] = part
            places[0, name] = zones.get(part[0][0], 0)
    return Layout((tuple(shares),) if shares else (), places, shares)


def number_ranges(numbers: Iterable[int]) -> str:
    """Numbers as the kernel lists them: 0-3,8."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in parts)


def _share(count: int, nodes: int) -> int:
    return -(-count // max(nodes, 1))
