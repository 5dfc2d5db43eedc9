"""The CPU cores that this process may use, as Linux tells of them; nothing elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_SYSTEM = Path("/sys/devices/system")


class Cpus(NamedTuple):
    """Physical cores, each with the numbers of those of its threads that may be used, and the NUMA node of each thread."""

    cores: tuple[tuple[int, ...], ...] = ()
    zones: dict[int, int] = {}  # noqa: RUF012


def usable_cpus(system: Path = _SYSTEM, allowed: frozenset[int] | None = None) -> Cpus:
    """The cores of this machine, less what the process is kept off (taskset, a cpuset of its container or batch job).

    https://docs.kernel.org/admin-guide/cputopology.html
    """
    if allowed is None:
        if not hasattr(os, "sched_getaffinity"):
            return Cpus()
        allowed = frozenset(os.sched_getaffinity(0))
    cores = {
        tuple(sorted(allowed & (_listed(system / f"cpu/cpu{number}/topology/thread_siblings_list") | {number})))
        for number in allowed
    }
    zones = {
        number: int(folder.name.removeprefix("node"))
        for folder in system.glob("node/node[0-9]*")
        for number in allowed & _listed(folder / "cpulist")
    }
    return Cpus(tuple(sorted(cores)), zones)


def _listed(path: Path) -> set[int]:
    """The numbers in a list of the kernel's, such as 0-3,8; empty where it is not there."""
    try:
        parts = path.read_text().strip().split(",")
    except OSError:
        return set()
    ends = (part.partition("-") for part in parts if part)
    return {number for first, _, last in ends for number in range(int(first), int(last or first) + 1)}
