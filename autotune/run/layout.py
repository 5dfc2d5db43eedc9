"""The GPUs that a run may hand out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.run.choose import visible_devices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint
    from autotune.run.choose import Probes


def slot_layout(executor: str, points: Sequence[CompiledPoint], probes: Probes) -> tuple[tuple[str, ...], ...]:
    """Device ids by node; empty where GPUs are not handed out, and experiments then run one after the other.

    local: the GPUs of this machine, or nothing where it has none or the engine does not use them. docker: those of this
    machine when the Docker engine is here and NVML sees any, else one node's as the points declare it. emulated: as many
    nodes and GPUs as the largest system that the points declare.
    """
    if executor == "emulated":
        return _declared(points)
    vendors = {point.deployment.gpu_vendor for point in points if point.deployment is not None}
    if executor == "docker" and vendors != {"cpu"}:
        seen = visible_devices(len(probes.gpus())) if _docker_is_here(points) and "nvidia" in vendors else ()
        return (seen,) if seen else _declared(points)[:1]
    if executor == "local" and "nvidia" in vendors:
        devices = visible_devices(len(probes.gpus()))
        return (devices,) if devices else ()
    return ()


def _declared(points: Sequence[CompiledPoint]) -> tuple[tuple[str, ...], ...]:
    nodes, width = 1, 1
    for point in points:
        assert point.config is not None
        assert point.deployment is not None
        declared = point.facts.gpus_per_node if point.facts is not None else 1
        nodes = max(nodes, point.config.system.nodes, point.deployment.nodes)
        width = max(width, declared, -(-point.deployment.gpus // point.deployment.nodes))
    return tuple(tuple(str(index) for index in range(width)) for _ in range(nodes))


def _docker_is_here(points: Sequence[CompiledPoint]) -> bool:
    from autotune.run.docker.address import find_address

    config = points[0].config
    return find_address(None if config is None else getattr(config.executor, "host", None)).here
