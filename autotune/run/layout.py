"""The GPUs, or the shares of the CPU cores, that a run may hand out."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic
from autotune.run.choose import visible_devices
from autotune.run.cores import share_cores, share_evenly
from autotune.run.slots import Layout, Slots
from autotune.schema import DockerExecutor, LocalExecutor, RayExecutor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint
    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.run.choose import Probes
    from autotune.run.executor import Settings
    from autotune.run.ray.connection import NodeSize
    from autotune.workspace.cpus import Cpus
    from autotune.workspace.hardware import GpuPlace


@dataclass(frozen=True, slots=True)
class Limits:
    """The slots to hand out, to `max_parallel` experiments at most: GPUs, and shares of the cores to servers without a GPU.

    Where nothing is handed out (a cluster schedules its own) as many as `max_parallel` says run at once, else one.
    """

    gpus: Layout = field(default_factory=Layout)
    cores: Layout = field(default_factory=Layout)
    max_parallel: int | None = None

    def layout(self, deployment: Deployment) -> Layout:
        """What a deployment takes its slots from."""
        return self.cores if self.cores and deployment.gpu_vendor == "cpu" else self.gpus

    def at_once(self, layout: Layout) -> int | None:
        return self.max_parallel if layout else self.max_parallel or 1

    def fits(self, deployment: Deployment) -> bool:
        """Whether there are enough slots, were all of them free."""
        layout = self.layout(deployment)
        return not layout or Slots(layout).fits(*slots_needed(deployment, layout))


def slots_needed(deployment: Deployment, layout: Layout) -> tuple[int, int]:
    """How many slots, on how many nodes. Each server takes one share of the cores."""
    return (1, 1) if layout.of_cores else (deployment.gpus, deployment.nodes)


def find_limits(
    settings: Settings, points: Sequence[CompiledPoint], probes: Probes, max_parallel: int | None
) -> tuple[Limits, list[Diagnostic]]:
    """What experiments run side by side on, and where that is less than what was asked for (AT124).

    local: `executor.devices`, else the GPUs of this machine; cores for engines that use no GPU. emulated: as many nodes and
    GPUs as the largest system that the points declare. docker: see `_in_containers`. ray: what the nodes have. Elsewhere nothing is handed out.
    """
    if settings.name == "emulated":
        return Limits(_declared(points), max_parallel=max_parallel), []
    if isinstance(settings, RayExecutor):
        from autotune.run.ray.connection import node_sizes

        return _on_nodes(node_sizes(settings), settings, points, max_parallel), []
    if isinstance(settings, DockerExecutor):
        return _in_containers(settings, points, probes, max_parallel), []
    if not isinstance(settings, LocalExecutor):
        return Limits(max_parallel=max_parallel), []
    vendors = {point.deployment.gpu_vendor for point in points if point.deployment is not None}
    found: list[Diagnostic] = []
    gpus, cores = Layout(), Layout()
    if vendors & {"nvidia", "amd"}:
        gpus = _gpus(settings, probes, found, nvidia="nvidia" in vendors)
    if "cpu" in vendors:
        cores = _cores(settings, probes.cpus(), max_parallel, found)
    return Limits(gpus, cores, max_parallel), found


def _declared(points: Sequence[CompiledPoint]) -> Layout:
    nodes, width = 1, 1
    for point in points:
        assert point.config is not None
        assert point.deployment is not None
        declared = point.facts.gpus_per_node if point.facts is not None else 1
        nodes = max(nodes, point.config.system.nodes, point.deployment.nodes)
        width = max(width, declared, -(-point.deployment.gpus // point.deployment.nodes))
    return Layout(tuple(tuple(str(index) for index in range(width)) for _ in range(nodes)))


def _in_containers(
    settings: DockerExecutor, points: Sequence[CompiledPoint], probes: Probes, max_parallel: int | None
) -> Limits:
    """The GPUs of this machine where the Docker engine is here and NVML sees any, else one node's as the points declare it."""
    vendors = {point.deployment.gpu_vendor for point in points if point.deployment is not None}
    if vendors == {"cpu"}:
        return Limits(max_parallel=max_parallel)
    from autotune.run.docker.address import find_address

    here = "nvidia" in vendors and find_address(settings.host).here
    seen = visible_devices(len(probes.gpus())) if here else ()
    nodes = (seen,) if seen else _declared(points).nodes[:1]
    return Limits(Layout(nodes), max_parallel=max_parallel)


def _on_nodes(
    nodes: Sequence[NodeSize], settings: RayExecutor, points: Sequence[CompiledPoint], max_parallel: int | None
) -> Limits:
    """No more experiments than the nodes of a cluster hold; which node each gets, the cluster says.

    Where one would not fit on any node, nothing is handed out: the cluster may add larger nodes, or refuse.
    """
    servers = [int(node.cpus // settings.cpus_per_server) if settings.cpus_per_server else 1 for node in nodes]
    limits = Limits(
        Layout(tuple(tuple(str(index) for index in range(node.gpus)) for node in nodes)),
        Layout(tuple(tuple(str(index) for index in range(count)) for count in servers), of_cores=True),
        max_parallel,
    )
    deployments = [point.deployment for point in points if point.deployment is not None]
    return limits if all(limits.fits(item) for item in deployments) else Limits(max_parallel=max_parallel)


def _gpus(settings: LocalExecutor, probes: Probes, found: list[Diagnostic], *, nvidia: bool) -> Layout:
    """The GPUs by the names that CUDA_VISIBLE_DEVICES takes, each once, however it is named."""
    places = probes.places() if nvidia else ()
    if not settings.devices:
        hidden = os.environ.get("HIP_VISIBLE_DEVICES", "").split(",")
        names = visible_devices(len(probes.gpus())) if nvidia else tuple(filter(None, map(str.strip, hidden)))
    else:
        names = settings.devices
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
    cpus = probes.cpus() if settings.pin and zones else None
    near = {} if cpus is None else {slot: _threads(cpus, zone) for slot, zone in zones.items()}
    return Layout((tuple(known.values()),) if known else (), zones, near)


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


def _cores(settings: LocalExecutor, cpus: Cpus, max_parallel: int | None, found: list[Diagnostic]) -> Layout:
    """Shares of the cores; of all of them, and unbound, where one server runs at a time or the system does not tell."""
    wanted, there = settings.cores_per_server, len(cpus.cores)
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
    return layout if settings.pin else Layout(layout.nodes, of_cores=True)
