"""Slots: which GPUs, or shares of the CPU cores, are free, and for whom they are enough."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: One GPU, or one share of the cores: the number of its node and its id there.
Slot = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Assigned:
    """What one server may use: these GPUs (empty: they are not told apart), and these CPU threads (empty: any)."""

    devices: tuple[str, ...] = ()
    cpus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is to hand out: the ids of each node's slots; false where nothing is.

    `zones` is the NUMA node of a slot, where that is known, and `cpus` the CPU threads that whoever has the slot is to stay
    on. `of_cores` says that slots are shares of the CPU cores, of which every server takes one; else they are GPUs.
    """

    nodes: tuple[tuple[str, ...], ...] = ()
    zones: Mapping[Slot, int] = field(default_factory=dict)
    cpus: Mapping[Slot, tuple[int, ...]] = field(default_factory=dict)
    of_cores: bool = False

    def __bool__(self) -> bool:
        return any(self.nodes)

    def assigned(self, taken: tuple[Slot, ...]) -> Assigned:
        """What a server with these slots may use. GPUs of several NUMA nodes leave it free to run on any core."""
        places = {self.cpus.get(slot, ()) for slot in taken}
        cpus = next(iter(places)) if len(places) == 1 else ()
        return Assigned(() if self.of_cores else tuple(device for _, device in taken), cpus)


class Slots:
    """The slots of one or more nodes. Not thread-safe: one thread hands them out."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._free = [list(node) for node in layout.nodes]

    @property
    def used_up(self) -> bool:
        """Whether no slot is free."""
        return not any(self._free)

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


def _share(count: int, nodes: int) -> int:
    return -(-count // max(nodes, 1))
