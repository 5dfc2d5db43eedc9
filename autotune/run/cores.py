"""The CPU cores of a machine as slots, for engines that use no GPU. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from autotune.run.slots import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.run.slots import Slot


def share_cores(cores: Sequence[tuple[int, ...]], zones: Mapping[int, int], count: int) -> Layout:
    """Slots of `count` cores each, as many as there are, none over two NUMA nodes unless it is larger than one.

    `cores` are the physical cores, each with the numbers of its threads; `zones` is the NUMA node of a thread. A slot's
    id lists its cores by their first threads, e.g. `0-3`.
    """
    by_zone: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for core in sorted(cores):
        by_zone[zones.get(core[0], 0)].append(core)
    groups = list(by_zone.values())
    if count > max((len(group) for group in groups), default=0):
        groups = [sorted(cores)]
    places: dict[Slot, int] = {}
    cpus: dict[Slot, tuple[int, ...]] = {}
    for group in groups:
        for start in range(0, len(group) - count + 1, count):
            part = group[start : start + count]
            slot = (0, number_ranges(core[0] for core in part))
            places[slot] = zones.get(part[0][0], 0)
            cpus[slot] = tuple(sorted(thread for core in part for thread in core))
    return Layout((tuple(name for _, name in cpus),), places, cpus, of_cores=True)


def share_evenly(cores: Sequence[tuple[int, ...]], zones: Mapping[int, int], servers: int) -> Layout:
    """The cores shared out among that many servers, each of them whole and as large as it can be; fewer where there are
    fewer cores.
    """
    count = max(len(cores) // servers, 1)
    while count > 1 and len(share_cores(cores, zones, count).cpus) < servers:
        count -= 1
    layout = share_cores(cores, zones, count)
    return Layout((layout.nodes[0][:servers],), layout.zones, layout.cpus, of_cores=True)


def number_ranges(numbers: Iterable[int]) -> str:
    """Numbers as the kernel lists them: 0-3,8."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in parts)
