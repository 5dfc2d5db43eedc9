"""Weights, KV cache and activations against GPU memory, with the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.memory import MemoryPlan, largest_context, plan_memory, smallest_tp
from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Suggested contexts are whole multiples of this.
_ROUND = 1024


def check_fit(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT016: per GPU, the weights and the KV cache of one request fit into what the engine may use.

    A CPU is left out: its memory is not known, and engines size its KV cache by a setting of their own.
    """
    if facts.gpu.vendor == "cpu":
        return
    plan = plan_memory(config, facts)
    fixed = config.memory.max_total_tokens
    if fixed is not None and plan.kv_bytes > 0 and fixed * plan.kv_bytes_per_token > plan.kv_bytes:
        held = int(plan.kv_bytes / plan.kv_bytes_per_token)
        message = f"memory.max_total_tokens={fixed} takes {_gb(fixed * plan.kv_bytes_per_token)} of KV cache per GPU; {_left(plan)}"
        yield diagnostic("AT016", message, path="memory.max_total_tokens", help=f"use {held} or less")
    elif fixed is not None and plan.kv_bytes > 0 and plan.context_tokens > fixed:
        message = f"memory.max_total_tokens={fixed} cannot hold one request of {plan.context_tokens} tokens"
        yield diagnostic(
            "AT016",
            message,
            path="memory.max_total_tokens",
            help=f"raise it, or set misc.context_length={fixed} or less",
        )
    elif not plan.fits:
        path = "misc.context_length" if plan.kv_bytes > 0 and config.misc.context_length is not None else "parallel.tp"
        if path == "parallel.tp" and config.parallel.tp is None:
            path = "model.id"
        yield diagnostic("AT016", _shortfall(plan, facts), path=path, help=_ways_out(config, facts, plan))


def check_kv_room(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT102: the KV cache holds fewer tokens than the requests that run at once need."""
    if facts.gpu.vendor == "cpu":
        return
    plan = plan_memory(config, facts)
    if plan.required_tokens is None or not plan.fits or plan.required_tokens <= plan.kv_capacity_tokens:
        return
    requests = plan.kv_capacity_tokens // plan.request_tokens
    limited = config.scheduling.max_running_requests is not None
    yield diagnostic(
        "AT102", f"the requests that run at once need {plan.required_tokens} tokens of KV cache, and it holds {plan.kv_capacity_tokens}",
        path="scheduling.max_running_requests" if limited else "benchmark.num_concurrency",
        help=f"about {requests} requests of {plan.request_tokens} tokens fit at once; the others wait or are preempted",
    )  # fmt: skip


def check_static_fraction(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT016: SGLang takes memory.mem_fraction_static as it is, and what it leaves must hold activations and overhead."""
    static = config.memory.mem_fraction_static
    if static is None or facts.engine != "sglang" or facts.gpu.vendor == "cpu":
        return
    plan = plan_memory(config, facts)
    beside, left = plan.activation_bytes + plan.overhead_bytes, plan.total_bytes - plan.usable_bytes
    if beside > left:
        highest = int(1000 * (1 - beside / plan.total_bytes)) / 1000
        yield diagnostic(
            "AT016", f"memory.mem_fraction_static={static} leaves {_gb(left)}, and activations {_gb(plan.activation_bytes)} + overhead "
            f"{_gb(plan.overhead_bytes)} do not fit into it", path="memory.mem_fraction_static", help=f"use {highest} or less",
        )  # fmt: skip


def _shortfall(plan: MemoryPlan, facts: Facts) -> str:
    """The arithmetic, per GPU."""
    name = facts.model.id
    if plan.kv_bytes <= 0:
        return f"`{name}` does not fit: per GPU, {_parts(plan)} {'is' if _inside(plan) == 0 else 'are'} more than {_usable(plan)}"
    return (
        f"`{name}` fits, but not the KV cache of one request: {plan.context_tokens} tokens need {_gb(plan.context_kv_bytes)} per GPU "
        f"({plan.full_kv_bytes_per_token:.0f} bytes a token{_sliding(plan)}); {_left(plan)}"
    )


def _left(plan: MemoryPlan) -> str:
    return f"{_parts(plan)} leave {_gb(plan.kv_bytes)} of {_usable(plan)}"


def _parts(plan: MemoryPlan) -> str:
    weights = f"weights {_gb(plan.weights_bytes)}"
    return (
        weights
        if _inside(plan) == 0
        else f"{weights} + activations {_gb(plan.activation_bytes)} + overhead {_gb(plan.overhead_bytes)}"
    )


def _usable(plan: MemoryPlan) -> str:
    return f"the usable {_gb(plan.usable_bytes)} ({plan.fraction:.3g} of {_gb(plan.total_bytes)})"


def _inside(plan: MemoryPlan) -> int:
    """What the engine counts within its part of memory beside weights and KV cache."""
    return plan.usable_bytes - plan.weights_bytes - plan.kv_bytes


def _sliding(plan: MemoryPlan) -> str:
    return f" and {_gb(plan.sliding_kv_bytes)} in sliding layers" if plan.sliding_kv_bytes else ""


def _ways_out(config: Config, facts: Facts, plan: MemoryPlan) -> str:
    """What would do, each on its own; tried, not guessed."""
    ways: list[str] = []
    size = smallest_tp(config, facts)
    if size is not None and size != (config.parallel.tp or 1):
        ways.append(f"parallel.tp={size}")
    context = largest_context(plan) // _ROUND * _ROUND
    runtime = config.runtime
    if context >= max(_ROUND, (runtime.isl or 0) + (runtime.osl or 0)):
        ways.append(f"misc.context_length={context}")
    chosen = config.quantization
    if facts.gpu.supports_fp8 and not facts.model.is_quantized and chosen.gemm_mode in (None, "auto", "bf16", "fp16"):
        ways += _tried(config, facts, "gemm_mode")
    if facts.gpu.supports_fp8 and chosen.kvcache_mode in (None, "auto", "bf16", "fp16"):
        ways += _tried(config, facts, "kvcache_mode")
    if not ways:
        return "use more or larger GPUs, or a smaller or quantized checkpoint"
    return f"{' or '.join(ways)} would fit"


def _tried(config: Config, facts: Facts, field: str) -> list[str]:
    changed = config.quantization.model_copy(update={field: "fp8"})
    return (
        [f"quantization.{field}=fp8"]
        if plan_memory(config.model_copy(update={"quantization": changed}), facts).fits
        else []
    )


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
