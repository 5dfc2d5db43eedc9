"""A memory plan in words: the sum for one GPU, and what its KV cache holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.memory import MemoryPlan, largest_context

if TYPE_CHECKING:
    from autotune.engines.engine import Facts


def show_shortfall(plan: MemoryPlan, facts: Facts) -> str:
    """Why it does not fit, per GPU: weights + activations + overhead, KV cache per token x tokens, and what is there."""
    name = facts.model.id
    if plan.kv_bytes <= 0:
        verb = "is" if _inside(plan) == 0 else "are"
        return (
            f"`{name}` does not fit: per GPU, {_parts(plan)} {verb} more than {_usable(plan)}, "
            f"before any KV cache ({plan.full_kv_bytes_per_token:.0f} bytes a token{_sliding(plan)})"
        )
    return (
        f"`{name}` fits, but not the KV cache of one request: {plan.context_tokens} tokens need {show_gb(plan.context_kv_bytes)} per GPU "
        f"({plan.full_kv_bytes_per_token:.0f} bytes a token{_sliding(plan)}); {left_for_kv(plan)}: {show_holdings(plan)}"
    )


def show_holdings(plan: MemoryPlan) -> str:
    """The longest context and the largest batch that the KV cache holds."""
    longest, batch = largest_context(plan), largest_batch(plan)
    context = f"a context of up to {longest} tokens fits" if longest else "no context fits"
    if not batch:
        return f"{context}, and no request of {plan.request_tokens} tokens"
    return f"{context}, or {batch} request{'s' if batch > 1 else ''} of {plan.request_tokens} tokens at once"


def largest_batch(plan: MemoryPlan) -> int:
    """Requests of the workload (`request_tokens` each) whose KV cache fits at once, in one data parallel rank."""
    return plan.kv_capacity_tokens // plan.request_tokens


def held_tokens(plan: MemoryPlan) -> int:
    """Tokens that the KV cache has room for."""
    return int(max(0, plan.kv_bytes) / plan.kv_bytes_per_token)


def left_for_kv(plan: MemoryPlan) -> str:
    return f"{_parts(plan)} leave {show_gb(plan.kv_bytes)} of {_usable(plan)}"


def show_gb(size: float) -> str:
    """GB are 1e9 bytes."""
    return f"{size / 1e9:.1f} GB"


def _parts(plan: MemoryPlan) -> str:
    weights = f"weights {show_gb(plan.weights_bytes)}"
    if _inside(plan) == 0:
        return weights
    return f"{weights} + activations {show_gb(plan.activation_bytes)} + overhead {show_gb(plan.overhead_bytes)}"


def _usable(plan: MemoryPlan) -> str:
    return f"the usable {show_gb(plan.usable_bytes)} ({plan.fraction:.3g} of {show_gb(plan.total_bytes)})"


def _inside(plan: MemoryPlan) -> int:
    """What the engine counts within its part of memory beside weights and KV cache."""
    return plan.usable_bytes - plan.weights_bytes - plan.kv_bytes


def _sliding(plan: MemoryPlan) -> str:
    return f" and {show_gb(plan.sliding_kv_bytes)} in sliding layers" if plan.sliding_kv_bytes else ""
