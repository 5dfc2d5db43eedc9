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

    local: the GPUs of this machine, or nothing where it has none or the engine does not use them. emulated: as many
    nodes and GPUs as the largest system that the points declare.
    """
    if executor == "emulated":
        nodes, width = 1, 1
        for point in points:
            assert point.config is not None
            assert point.deployment is not None
            declared = point.facts.gpus_per_node if point.facts is not None else 1
            nodes = max(nodes, point.config.system.nodes, point.deployment.nodes)
            width = max(width, declared, -(-point.deployment.gpus // point.deployment.nodes))
        return tuple(tuple(str(index) for index in range(width)) for _ in range(nodes))
    if executor == "local" and any(
        point.deployment is not None and point.deployment.gpu_vendor == "nvidia" for point in points
    ):
        devices = visible_devices(len(probes.gpus()))
        return (devices,) if devices else ()
    return ()
