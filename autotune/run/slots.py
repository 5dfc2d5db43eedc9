"""GPU slots: which GPUs are free, and for whom they are enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: One GPU: the number of its node and its id there.
Slot = tuple[int, str]


class GpuSlots:
    """The GPUs of one or more nodes. Not thread-safe: one thread hands them out.

    `layout` lists the device ids of each node.
    """

    def __init__(self, layout: Sequence[Sequence[str]]) -> None:
        self._layout = [tuple(node) for node in layout]
        self._free = [list(node) for node in layout]

    def fits(self, gpus: int, nodes: int = 1) -> bool:
        """Whether that many GPUs, spread evenly over that many nodes, would fit were all of them free."""
        share = _share(gpus, nodes)
        return sum(len(node) >= share for node in self._layout) >= nodes

    def take(self, gpus: int, nodes: int = 1) -> tuple[Slot, ...] | None:
        """Set GPUs aside, on the fullest nodes that have room, so that large deployments find empty ones; None when
        there are not enough free now.
        """
        share = _share(gpus, nodes)
        roomy = sorted((len(free), index) for index, free in enumerate(self._free) if len(free) >= share)
        if len(roomy) < nodes:
            return None
        taken: list[Slot] = []
        for _, index in roomy[:nodes]:
            taken += [(index, device) for device in self._free[index][:share]]
            del self._free[index][:share]
        return tuple(taken)

    def give_back(self, slots: Iterable[Slot]) -> None:
        for index, device in slots:
            self._free[index].append(device)
        for index, node in enumerate(self._layout):
            self._free[index].sort(key=node.index)


def _share(gpus: int, nodes: int) -> int:
    return -(-gpus // max(nodes, 1))
