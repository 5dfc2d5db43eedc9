"""GPUs needed against GPUs there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.sharding import gpus_available, gpus_needed
from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config


def check_gpu_count(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT015: the parallel sizes need more GPUs than there are, or more are reserved than the nodes hold."""
    there = facts.gpus_per_node * config.system.nodes
    nodes = f"{config.system.nodes} node{'s' if config.system.nodes > 1 else ''} of {facts.gpus_per_node} x {facts.gpu.name}"
    reserved = config.system.num_gpus
    if reserved is not None and reserved > there:
        message = (
            f"system.num_gpus={reserved} is more than {nodes} have"
            if config.system.nodes > 1
            else f"system.num_gpus={reserved} is more than {nodes} has"
        )
        yield diagnostic("AT015", message, path="system.num_gpus", help=f"use {there} or fewer, or raise system.nodes")
    needed, available = gpus_needed(config, facts), gpus_available(config, facts)
    if needed > available:
        sizes = _sizes(config)
        product = " x ".join(f"{name}={size}" for name, size in sizes) or "the engine"
        largest = max(sizes, key=lambda item: item[1], default=("tp", 1))[0]
        yield diagnostic(
            "AT015", f"{product} needs {needed} GPUs, but {available} {'is' if available == 1 else 'are'} available ({nodes})",
            path=f"parallel.{largest}", help=f"lower parallel.{largest}, or raise system.nodes, system.gpus_per_node or system.num_gpus",
        )  # fmt: skip


def check_idle_gpus(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT103: fewer GPUs are used than system.num_gpus reserves. Processes on a CPU cost nothing when they are not started."""
    needed, reserved = gpus_needed(config, facts), config.system.num_gpus
    if reserved is not None and needed < reserved and facts.gpu.vendor != "cpu":
        yield diagnostic(
            "AT103", f"the point uses {needed} of the {reserved} GPUs that system.num_gpus reserves", path="system.num_gpus",
            help=f"raise parallel.dp to {reserved // needed}, or set system.num_gpus={needed}",
        )  # fmt: skip


def _sizes(config: Config) -> list[tuple[str, int]]:
    """The parallel sizes above 1, in the order people write them."""
    parallel = config.parallel
    named = (("tp", parallel.tp), ("pp", parallel.pp), ("dp", parallel.dp), ("cp", parallel.cp))
    return [(name, size) for name, size in named if size is not None and size > 1]
