"""Weights in host memory: what it costs, and whether it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.memory import plan_memory
from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Host to GPU, one direction, in GB/s: PCIe 5.0 x16 carries 63, of which copies reach about 55. Older buses have half.
BUS_GB_S = 55.0


def check_offload(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT110: offloaded weights cross the bus in every step, at least `offloaded / bus` of it; more than there is cannot be offloaded."""
    asked = config.memory.cpu_offload_gb
    if not asked or facts.gpu.vendor == "cpu":
        return
    kept = config.model_copy(update={"memory": config.memory.model_copy(update={"cpu_offload_gb": None})})
    plan = plan_memory(kept, facts)
    moved = min(asked, plan.weights_bytes / 1e9)
    cost = f"{moved:.1f} GB of weights cross the bus in every step, which adds at least {1000 * moved / BUS_GB_S:.0f} ms to TPOT"
    if asked > plan.weights_bytes / 1e9:
        cost = f"memory.cpu_offload_gb={asked:g} is more than the {moved:.1f} GB of weights of a GPU; {cost}"
    advice = (
        "leave it unset: everything fits without it"
        if plan.fits
        else "quantize the weights or raise parallel.tp before offloading"
    )
    yield diagnostic("AT110", cost, path="memory.cpu_offload_gb", help=advice)
