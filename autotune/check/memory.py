"""Weights, KV cache and activations against GPU memory, with the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.budget import UTILIZATION_LIMIT
from autotune.catalog.memory import MemoryPlan, plan_server_memory, required_tokens
from autotune.check.arithmetic import held_tokens, left_for_kv, show_gb, show_holdings, show_shortfall
from autotune.check.remedies import ways_to_fit, ways_to_hold
from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config


def check_fit(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT016: per GPU, the weights and the KV cache of one request fit into what the engine may use.

    A CPU is left out: its memory is not known, and engines size its KV cache by a setting of their own.
    """
    if facts.gpu.vendor == "cpu":
        return
    plan = plan_server_memory(config, facts)
    fixed = config.memory.max_total_tokens
    if fixed is not None and plan.kv_bytes > 0 and fixed * plan.kv_bytes_per_token > plan.kv_bytes:
        message = f"memory.max_total_tokens={fixed} takes {show_gb(fixed * plan.kv_bytes_per_token)} of KV cache per GPU; {left_for_kv(plan)}"
        yield diagnostic("AT016", message, path="memory.max_total_tokens", help=f"use {held_tokens(plan)} or less")
    elif fixed is not None and plan.kv_bytes > 0 and plan.context_tokens > fixed:
        message = f"memory.max_total_tokens={fixed} cannot hold one request of {plan.context_tokens} tokens"
        yield diagnostic(
            "AT016",
            message,
            path="memory.max_total_tokens",
            help=f"raise it, or set misc.context_length={fixed} or less",
        )
    elif not plan.fits:
        yield diagnostic(
            "AT016",
            show_shortfall(plan, facts),
            path=_to_blame(config, plan),
            help=ways_to_fit(config, facts, plan),
        )


def check_kv_room(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT102: the KV cache holds fewer tokens than the requests that run at once need."""
    if facts.gpu.vendor == "cpu":
        return
    plan, required = plan_server_memory(config, facts), required_tokens(config, facts)
    if required is None or not plan.fits or required <= plan.kv_capacity_tokens:
        return
    limited = config.scheduling.max_running_requests is not None
    yield diagnostic(
        "AT102",
        f"the requests that run at once need {required} tokens of KV cache, and it holds {plan.kv_capacity_tokens}: "
        f"{required} x {plan.kv_bytes_per_token:.0f} bytes are {show_gb(required * plan.kv_bytes_per_token)} "
        f"per GPU, and {left_for_kv(plan)}",
        path="scheduling.max_running_requests" if limited else "benchmark.num_concurrency",
        help=f"{show_holdings(plan)}, and the rest wait or are preempted{ways_to_hold(config, facts)}",
    )


def check_static_fraction(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT016: SGLang takes memory.mem_fraction_static as it is, and what it leaves must hold activations and overhead."""
    static = config.memory.mem_fraction_static
    if static is None or facts.engine != "sglang" or facts.gpu.vendor == "cpu":
        return
    plan = plan_server_memory(config, facts)
    beside, left = plan.activation_bytes + plan.overhead_bytes, plan.total_bytes - plan.usable_bytes
    if beside > left:
        highest = int(1000 * (1 - beside / plan.total_bytes)) / 1000
        yield diagnostic(
            "AT016",
            f"memory.mem_fraction_static={static} leaves {show_gb(left)}, and activations {show_gb(plan.activation_bytes)} + overhead "
            f"{show_gb(plan.overhead_bytes)} do not fit into it",
            path="memory.mem_fraction_static",
            help=f"use {highest} or less",
        )


def check_capped_fraction(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT114: vLLM's own number counts activations and overhead too, and ends at UTILIZATION_LIMIT: less is left for KV cache."""
    static = config.memory.mem_fraction_static
    if static is None or facts.engine != "vllm" or facts.gpu.vendor == "cpu":
        return
    plan = plan_server_memory(config, facts)
    if plan.kv_bytes <= 0 or plan.fraction >= static:
        return
    beside = plan.activation_bytes + plan.overhead_bytes
    lost = (static - plan.fraction) * plan.total_bytes
    yield diagnostic(
        "AT114",
        f"memory.mem_fraction_static={static} is out of vLLM's reach: beside activations {show_gb(plan.activation_bytes)} + overhead "
        f"{show_gb(plan.overhead_bytes)}, {beside / plan.total_bytes:.3f} of memory, it gets {plan.fraction:.3f}, as all of it ends at "
        f"{UTILIZATION_LIMIT}; the KV cache is {show_gb(lost)} smaller",
        path="memory.mem_fraction_static",
        help=f"use {int(1000 * plan.fraction) / 1000} or less, or lower scheduling.max_batched_tokens, which activations grow with",
    )


def _to_blame(config: Config, plan: MemoryPlan) -> str:
    """The setting whose writer can mend it."""
    if plan.kv_bytes > 0 and config.misc.context_length is not None:
        return "misc.context_length"
    return "model.id" if config.parallel.tp is None else "parallel.tp"
