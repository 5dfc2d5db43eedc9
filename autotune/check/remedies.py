"""What would make a config fit: each way is tried on the catalog's arithmetic, not guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.memory import MemoryPlan, largest_context, plan_memory, smallest_tp
from autotune.catalog.sharding import gpus_available, shard, tp_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Suggested contexts are whole multiples of this.
_ROUND = 1024
_SIXTEEN_BIT = (None, "auto", "bf16", "fp16")


def ways_to_fit(config: Config, facts: Facts, plan: MemoryPlan) -> str:
    """Settings that would do, as in `parallel.tp=4 or quantization.gemm_mode=fp8 with parallel.tp=2 would fit`."""
    ways = list(_ways(config, facts, plan))
    return f"{' or '.join(ways)} would fit" if ways else "use more or larger GPUs, or a smaller or quantized checkpoint"


def ways_to_hold(config: Config, facts: Facts) -> str:
    """What would hold the KV cache of all requests that run at once, as the end of a sentence; may be empty."""
    size = next((size for size, trial in _larger(config, facts) if _holds_all(trial, facts)), None)
    ways = [] if size is None else [f"parallel.tp={size}"]
    ways += [
        f"quantization.{field}=fp8"
        for field in _narrowable(config, facts)
        if _holds_all(_with_fp8(config, field), facts)
    ]
    return f"; {' or '.join(ways)} would hold all" if ways else ""


def _ways(config: Config, facts: Facts, plan: MemoryPlan) -> Iterator[str]:
    size = smallest_tp(config, facts)
    if size is not None and size != (config.parallel.tp or 1):
        yield f"parallel.tp={size}"
    context = largest_context(plan) // _ROUND * _ROUND
    runtime = config.runtime
    if context >= max(_ROUND, (runtime.isl or 0) + (runtime.osl or 0)):
        yield f"misc.context_length={context}"
    for field in _narrowable(config, facts):
        trial = _with_fp8(config, field)
        if plan_memory(trial, facts).fits:
            yield f"quantization.{field}=fp8"
        elif (
            field == "gemm_mode"
            and (smaller := smallest_tp(trial, facts)) is not None
            and (size is None or smaller < size)
        ):
            yield f"quantization.{field}=fp8 with parallel.tp={smaller}"


def _narrowable(config: Config, facts: Facts) -> list[str]:
    """The quantization fields that could be fp8 on this GPU and are 16 bit."""
    chosen = config.quantization
    if not facts.gpu.supports_fp8:
        return []
    weights = not facts.model.is_quantized and chosen.gemm_mode in _SIXTEEN_BIT
    return [*(["gemm_mode"] if weights else []), *(["kvcache_mode"] if chosen.kvcache_mode in _SIXTEEN_BIT else [])]


def _with_fp8(config: Config, field: str) -> Config:
    return config.model_copy(update={"quantization": config.quantization.model_copy(update={field: "fp8"})})


def _larger(config: Config, facts: Facts) -> Iterator[tuple[int, Config]]:
    """The config at each larger tensor parallel size that the heads and the GPUs allow."""
    model = facts.model
    for size in tp_sizes(model.num_heads, None if model.is_mla else model.num_kv_heads):
        trial = config.model_copy(update={"parallel": config.parallel.model_copy(update={"tp": size})})
        if size > (config.parallel.tp or 1) and shard(trial, facts).gpus <= gpus_available(config, facts):
            yield size, trial


def _holds_all(config: Config, facts: Facts) -> bool:
    plan = plan_memory(config, facts)
    return plan.fits and (plan.required_tokens or 0) <= plan.kv_capacity_tokens
