"""The GPUs and the CPU cores of this machine as slots."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic
from autotune.run.choose import visible_devices
from autotune.run.cores import share_cores, share_evenly
from autotune.run.slots import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.run.choose import Probes
    from autotune.workspace.cpus import Cpus
    from autotune.workspace.hardware import GpuPlace


def machine_gpus(devices: Sequence[str], probes: Probes, found: list[Diagnostic], *, nvidia: bool, pin: bool) -> Layout:
    """The GPUs by the names that CUDA_VISIBLE_DEVICES takes, each once, however it is named; without `devices` those that
    are visible. `pin` keeps servers on the cores near their GPUs.
    """
    places = probes.places() if nvidia else ()
    if not devices:
        hidden = os.environ.get("HIP_VISIBLE_DEVICES", "").split(",")
        names = visible_devices(len(probes.gpus())) if nvidia else tuple(filter(None, map(str.strip, hidden)))
    else:
        names = tuple(devices)
        unseen = [name for name in names if places and not name.startswith("MIG") and _place(name, places) is None]
        if unseen:
            found.append(
                diagnostic("AT124", f"NVML lists no GPU {', '.join(unseen)} on this machine", path="executor.devices",
                           help="`nvidia-smi -L` lists those that are here; servers given others will not start")
            )  # fmt: skip
    known: dict[object, str] = {}
    for name in names:
        place = _place(name, places)
        known.setdefault(name if place is None else place.number, name)
    if len(known) < len(names):
        twice = sorted(set(names) - set(known.values()))
        found.append(
            diagnostic("AT124", f"{', '.join(twice)} is a GPU that is listed already; it is handed out once", path="executor.devices",
                       help="name each GPU once, by its number or its UUID")
        )  # fmt: skip
    seen = {name: place for name in known.values() if (place := _place(name, places)) is not None}
    zones = {(0, name): place.numa_node for name, place in seen.items() if place.numa_node is not None}
    cpus = probes.cpus() if pin and zones else None
    near = {} if cpus is None else {slot: _threads(cpus, zone) for slot, zone in zones.items()}
    return Layout((tuple(known.values()),) if known else (), zones, near)


def machine_cores(wanted: int | None, cpus: Cpus, max_parallel: int | None, found: list[Diagnostic]) -> Layout:
    """Shares of `wanted` cores; of all of them, and unbound, where one server runs at a time or the system does not tell."""
    there = len(cpus.cores)
    if wanted is not None and there and wanted > there:
        found.append(
            diagnostic("AT124", f"executor.cores_per_server={wanted} is more cores than autotune may use here: servers run one at a time, on all of them",
                       path="executor.cores_per_server", help="lower it, or leave it out and set optimization.max_parallel")
        )  # fmt: skip
        wanted = there
    if not there or (wanted is None and (max_parallel or 1) == 1):
        return Layout((tuple(f"any-{index}" for index in range(max_parallel or 1)),), of_cores=True)
    layout = (
        share_cores(cpus.cores, cpus.zones, wanted)
        if wanted
        else share_evenly(cpus.cores, cpus.zones, max_parallel or 1)
    )
    if max_parallel is not None and len(layout.nodes[0]) < max_parallel:
        found.append(
            diagnostic("AT124", f"optimization.max_parallel={max_parallel}, and the cores that autotune may use here ({there}) are enough for {len(layout.nodes[0])} servers at once",
                       path="optimization.max_parallel", help="lower it, or executor.cores_per_server")
        )  # fmt: skip
    return layout


def _place(name: str, places: Sequence[GpuPlace]) -> GpuPlace | None:
    """The GPU of that number or UUID; CUDA takes the beginning of a UUID where that is enough."""
    hits = [place for place in places if name == str(place.number) or place.uuid == name]
    if not hits and name.startswith("GPU-"):
        hits = [place for place in places if place.uuid.startswith(name)]
    return hits[0] if len(hits) == 1 else None


def _threads(cpus: Cpus, zone: int) -> tuple[int, ...]:
    """The CPU threads of a NUMA node; none where it is the only one, and being kept on it would mean nothing."""
    if len(set(cpus.zones.values())) < 2:
        return ()
    return tuple(sorted(thread for thread, home in cpus.zones.items() if home == zone))
