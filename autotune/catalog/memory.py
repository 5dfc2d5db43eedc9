"""The memory of one GPU of a deployment: weights, activations, overhead, KV cache. Sizes are in bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from autotune.catalog.activations import activation_bytes, batched_tokens, overhead_bytes
from autotune.catalog.budget import DRIVER_BYTES, FRACTION_LIMITS, UTILIZATION_LIMIT, memory_fraction
from autotune.catalog.formats import kv_value_bytes
from autotune.catalog.kv_cache import full_layers, kv_bytes_per_token, kv_values_per_layer, sliding_bytes
from autotune.catalog.sharding import gpus_available, shard, tp_sizes
from autotune.catalog.weights import WeightParts, weight_bytes, weight_parts
from autotune.schema.watched import once, remember

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.schema import Config

__all__ = [
    "MemoryPlan",
    "WeightParts",
    "context_length",
    "full_layers",
    "kv_bytes_per_token",
    "kv_values_per_layer",
    "largest_context",
    "plan_memory",
    "plan_server_memory",
    "sglang_fraction",
    "sliding_bytes",
    "smallest_tp",
    "transformers_kv_fraction",
    "trtllm_free_fraction",
    "uses_nextn",
    "vllm_utilization",
    "weight_bytes",
    "weight_parts",
]


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Memory of one GPU of a deployment, in bytes, and what its KV cache holds, in tokens.

    `usable_bytes` is what the engine may use for `weights_bytes`, `kv_bytes` and, in vLLM, activations and overhead.
    `kv_capacity_tokens` counts the KV cache of one data parallel rank, over all its GPUs. `kv_bytes_per_token` is an
    average over a request of `request_tokens`, because sliding layers stop growing.
    """

    total_bytes: int
    fraction: float
    usable_bytes: int
    weights_bytes: int
    activation_bytes: int
    overhead_bytes: int
    kv_bytes: int
    kv_bytes_per_token: float
    kv_capacity_tokens: int
    context_tokens: int
    """The longest request that must fit."""
    context_kv_bytes: int
    """KV cache that one request of `context_tokens` takes of this GPU."""
    request_tokens: int
    """A request of the workload: isl + osl, else `context_tokens`."""
    required_tokens: int | None
    """KV cache for all requests that run at once; None where the workload is not known."""
    full_kv_bytes_per_token: float
    """KV cache of the layers that keep everything."""
    sliding_kv_bytes: int
    """KV cache of the sliding layers for one long request."""

    @property
    def fits(self) -> bool:
        """Whether the weights load and one request of `context_tokens` has its KV cache."""
        return (
            self.kv_bytes > 0
            and self.context_tokens <= self.kv_capacity_tokens
            and self.context_kv_bytes <= self.kv_bytes
        )


def context_length(config: Config, facts: Facts) -> int:
    """Tokens of the longest request that must fit, as the engine decides it.

    misc.context_length where it is set. Else vLLM takes the model's longest context and refuses to start without KV cache
    for it (`_check_enough_kv_cache_memory` in v1/core/kv_cache_utils.py); the others start with a smaller KV cache, so the
    workload's isl + osl counts, and the model's context where that is unknown.
    """
    if config.misc.context_length is not None:
        return config.misc.context_length
    runtime = config.runtime
    if facts.engine != "vllm" and runtime.isl is not None and runtime.osl is not None:
        return min(runtime.isl + runtime.osl, facts.model.max_context)
    return facts.model.max_context


def plan_memory(config: Config, facts: Facts) -> MemoryPlan:
    """The plan of the fullest GPU of the deployment."""
    return remember(_plan, config, facts)


def plan_server_memory(config: Config, facts: Facts) -> MemoryPlan:
    """The same without `required_tokens`, all that the load decides: most points of a sweep differ in that."""
    return remember(_plan_server, config, facts)


def required_tokens(config: Config, facts: Facts) -> int | None:
    """KV cache of the requests that one data parallel rank runs at once: as many as arrive, no more than may run."""
    return once(_required_tokens, config, facts)


def _required_tokens(config: Config, facts: Facts) -> int | None:
    runtime, benchmark = config.runtime, config.benchmark
    if runtime.isl is None or runtime.osl is None or benchmark.request_rate:
        return None
    arriving = max(benchmark.num_concurrency) if benchmark.num_concurrency else 1
    running = -(-arriving // remember(shard, config, facts).dp)
    limit = config.scheduling.max_running_requests
    if limit is not None and limit < running:
        running = limit
    shared = 0 if config.memory.prefix_caching is False else min(runtime.prefix or 0, runtime.isl)
    return shared + running * (runtime.isl + runtime.osl - shared)


def _plan(config: Config, facts: Facts) -> MemoryPlan:
    plan = plan_server_memory(config, facts)
    return replace(plan, required_tokens=required_tokens(config, facts))


def _plan_server(config: Config, facts: Facts) -> MemoryPlan:
    model, sharding, dtype = facts.model, shard(config, facts), config.misc.dtype
    total = facts.gpu.memory_bytes - (DRIVER_BYTES if facts.gpu.vendor == "nvidia" else 0)
    weights = remember(_weights_per_gpu, config, facts)
    activations = activation_bytes(config, facts, sharding)
    overhead = overhead_bytes(config, facts, sharding)
    fraction, inside = memory_fraction(
        config, facts, weights=weights, activations=activations, overhead=overhead, total=total
    )
    usable = round(total * fraction)
    kv = usable - weights - inside

    stage = ceil(model.num_layers / sharding.pp) / model.num_layers
    heads = None if model.is_mla else max(1, ceil(model.num_kv_heads / sharding.attention_tp))
    value = kv_value_bytes(config.quantization.kvcache_mode, dtype)
    layer_token = kv_values_per_layer(model, heads) * value / sharding.kv_ranks
    nextn_layers = model.num_nextn_layers if uses_nextn(config) else 0
    full = (full_layers(model) * stage + nextn_layers) * layer_token
    sliding = model.num_sliding_layers * stage * layer_token
    window = model.sliding_window or 0

    context = context_length(config, facts)
    isl, osl = config.runtime.isl, config.runtime.osl
    request = isl + osl if isl is not None and osl is not None else context
    # While a long input is prefilled, a sliding layer holds its window and the step's new tokens (vLLM SlidingWindowSpec).
    widest = min(context, window + batched_tokens(config, facts)) if window else 0
    per_token = full + sliding * min(request, window) / request
    capacity = int(max(0, kv) / per_token) if per_token else 0
    if config.memory.max_total_tokens is not None:
        capacity = min(capacity, config.memory.max_total_tokens)
    return MemoryPlan(
        total_bytes=total,
        fraction=fraction,
        usable_bytes=usable,
        weights_bytes=weights,
        activation_bytes=activations,
        overhead_bytes=overhead,
        kv_bytes=kv,
        kv_bytes_per_token=per_token,
        kv_capacity_tokens=capacity,
        context_tokens=context,
        context_kv_bytes=round(full * context + sliding * widest),
        request_tokens=request,
        required_tokens=None,
        full_kv_bytes_per_token=full,
        sliding_kv_bytes=round(sliding * widest),
    )


def largest_context(plan: MemoryPlan) -> int:
    """Tokens of the longest single request that the KV cache holds."""
    room = plan.kv_bytes - plan.sliding_kv_bytes
    if room <= 0 or plan.full_kv_bytes_per_token == 0:
        return 0
    return min(int(room / plan.full_kv_bytes_per_token), max(plan.kv_capacity_tokens, 0))


def smallest_tp(config: Config, facts: Facts) -> int | None:
    """The smallest tensor parallel size that splits the heads, fits the memory and does not ask for more GPUs than there are."""
    model = facts.model
    for size in tp_sizes(model.num_heads, None if model.is_mla else model.num_kv_heads):
        parallel = config.parallel.model_copy(update={"tp": size})
        trial = config.model_copy(update={"parallel": parallel})
        if shard(trial, facts).gpus > gpus_available(config, facts):
            return None
        if plan_memory(trial, facts).fits:
            return size
    return None


def vllm_utilization(config: Config, facts: Facts) -> float | None:
    """`--gpu-memory-utilization` that leaves the KV cache which memory.mem_fraction_static asks for.

    The setting counts weights and KV cache; vLLM's counts activations and its own overhead too, so their share of total
    memory is added. None where the setting is unset; 3 digits, 0.98 at most.
    """
    static = config.memory.mem_fraction_static
    if static is None:
        return None
    if facts.gpu.vendor == "cpu":
        return static
    sharding = shard(config, facts)
    total = facts.gpu.memory_bytes - (DRIVER_BYTES if facts.gpu.vendor == "nvidia" else 0)
    extra = activation_bytes(config, facts, sharding) + overhead_bytes(config, facts, sharding)
    return min(UTILIZATION_LIMIT, round(static + extra / total, 3))


def sglang_fraction(config: Config, facts: Facts) -> float | None:
    """`--mem-fraction-static` that leaves the KV cache which memory.mem_fraction_static asks for.

    SGLang counts weights and KV cache too, of what is free before it loads: the number stays as it is. None where the
    setting is unset, and on a CPU, whose memory engines size by settings of their own.
    """
    return None if facts.gpu.vendor == "cpu" else config.memory.mem_fraction_static


def trtllm_free_fraction(config: Config, facts: Facts) -> float | None:
    """`free_gpu_memory_fraction` that leaves the KV cache which memory.mem_fraction_static asks for.

    TensorRT-LLM loads the weights, runs the largest step, and takes the fraction of what is free then (`KvCacheCreator` in
    _torch/pyexecutor/_util.py). None where the setting is unset; 4 digits, FRACTION_LIMITS at either end.
    """
    static = config.memory.mem_fraction_static
    if static is None:
        return None
    plan = plan_memory(config, facts)
    free = plan.total_bytes - plan.weights_bytes - plan.activation_bytes - plan.overhead_bytes
    return _within((static * plan.total_bytes - plan.weights_bytes) / free if free > 0 else 1.0)


def transformers_kv_fraction(config: Config, facts: Facts) -> float | None:
    """`--cb-max-memory-percent` that leaves the KV cache which memory.mem_fraction_static asks for.

    transformers takes the fraction of what the weights leave, and pays the activations of a step out of it
    (`PagedAttentionMemoryHandler` in generation/continuous_batching/cache.py). None where the setting is unset; 4 digits,
    FRACTION_LIMITS at either end.
    """
    static = config.memory.mem_fraction_static
    if static is None:
        return None
    plan = plan_memory(config, facts)
    free = plan.total_bytes - plan.weights_bytes
    kept = static * plan.total_bytes - plan.weights_bytes + plan.activation_bytes
    return _within(kept / free if free > 0 else 1.0)


def _within(fraction: float) -> float:
    least, most = FRACTION_LIMITS
    return min(most, max(least, round(fraction, 4)))


def uses_nextn(config: Config) -> bool:
    """Whether the model's own multi-token-prediction layers are loaded."""
    speculative = config.misc.speculative
    return bool(config.runtime.nextn) or (speculative is not None and speculative.method == "mtp")


def _weights_per_gpu(config: Config, facts: Facts) -> int:
    """Weights of the fullest GPU. A pipeline stage has its layers and, at either end, one table."""
    model, quantization, sharding = facts.model, config.quantization, shard(config, facts)
    parts = weight_parts(model, quantization.gemm_mode, quantization.moe_mode, dtype=config.misc.dtype)
    stage = ceil(model.num_layers / sharding.pp) / model.num_layers
    tables = parts.embedding if sharding.pp == 1 or model.tie_embeddings else parts.embedding / 2
    held = tables / sharding.tp + parts.whole
    held += stage * (
        parts.attention / sharding.attention_tp + parts.dense / sharding.tp + parts.experts / sharding.expert_ranks
    )
    if uses_nextn(config):
        held += parts.nextn / (sharding.expert_ranks if model.is_moe else sharding.tp)
    return max(0, round(held - (config.memory.cpu_offload_gb or 0.0) * 1e9))
