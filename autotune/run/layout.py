"""The GPUs, or the shares of the CPU cores, that a run may hand out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic
from autotune.run.choose import visible_devices
from autotune.run.machine import machine_cores, machine_gpus
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
    GPUs as the largest system that the points declare. docker: see `_container_gpus` and `_container_cores`. ray: what the nodes have. Elsewhere nothing is handed out.
    """
    if settings.name == "emulated":
        return Limits(_declared(points), max_parallel=max_parallel), []
    if isinstance(settings, RayExecutor):
        from autotune.run.ray.connection import node_sizes

        return _on_nodes(node_sizes(settings), settings, points, max_parallel), []
    vendors = {point.deployment.gpu_vendor for point in points if point.deployment is not None}
    found: list[Diagnostic] = []
    if isinstance(settings, DockerExecutor):
        gpus = _container_gpus(settings, points, probes, found) if vendors - {"cpu"} else Layout()
        cores = _container_cores(settings, probes, max_parallel, found) if "cpu" in vendors else Layout()
        return Limits(gpus, cores, max_parallel), found
    if not isinstance(settings, LocalExecutor):
        return Limits(max_parallel=max_parallel), []
    gpus, cores = Layout(), Layout()
    if vendors & {"nvidia", "amd"}:
        gpus = machine_gpus(settings.devices, probes, found, nvidia="nvidia" in vendors, pin=settings.pin)
    if "cpu" in vendors:
        cores = machine_cores(settings.cores_per_server, probes.cpus(), max_parallel, found)
        cores = cores if settings.pin else Layout(cores.nodes, of_cores=True)
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


def _container_gpus(
    settings: DockerExecutor, points: Sequence[CompiledPoint], probes: Probes, found: list[Diagnostic]
) -> Layout:
    """`executor.devices`, else the GPUs of this machine where the Docker engine is here and NVML sees any, else one node's as
    the points declare it. Containers on GPUs are not bound to cores.
    """
    nvidia = any(point.deployment is not None and point.deployment.gpu_vendor == "nvidia" for point in points)
    here = nvidia and _engine_is_here(settings)
    if settings.devices:
        return machine_gpus(settings.devices, probes, found, nvidia=here, pin=False)
    seen = visible_devices(len(probes.gpus())) if here else ()
    return Layout((seen,) if seen else _declared(points).nodes[:1])


def _container_cores(
    settings: DockerExecutor, probes: Probes, max_parallel: int | None, found: list[Diagnostic]
) -> Layout:
    """Shares of `executor.cores_per_server` cores; nothing where that is not said, or the Docker host's cores are not known."""
    if settings.cores_per_server is None:
        return Layout()
    if not _engine_is_here(settings) or not probes.cpus().cores:
        found.append(
            diagnostic("AT124", f"executor.cores_per_server={settings.cores_per_server}: the cores of the Docker engine's machine are not known here, so its containers are bound to none",
                       path="executor.cores_per_server", help="start the run on that machine, or set optimization.max_parallel alone")
        )  # fmt: skip
        return Layout()
    return machine_cores(settings.cores_per_server, probes.cpus(), max_parallel, found)


def _engine_is_here(settings: DockerExecutor) -> bool:
    from autotune.run.docker.address import find_address

    return find_address(settings.host).here


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
