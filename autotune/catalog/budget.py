"""Which part of a GPU's memory an engine may use, and for what. The same number means three things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.activations import MIB, batched_tokens, captured_batch
from autotune.catalog.sharding import shard

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: What NVIDIA's driver keeps: CUDA sees 79.1 of the 79.6 GiB that NVML reports for an H100.
DRIVER_BYTES = 512 * MIB
#: `gpu_memory_utilization` of vLLM 0.20 and later (config/cache.py).
VLLM_DEFAULT = 0.92
#: `free_gpu_memory_fraction` of TensorRT-LLM's KvCacheConfig.
TRTLLM_DEFAULT = 0.9
#: `cb_max_memory_percent` of transformers' continuous batching.
TRANSFORMERS_DEFAULT = 0.8
#: Past this the CUDA context no longer fits beside what vLLM asks for, and it refuses to start.
UTILIZATION_LIMIT = 0.98

#: Least and most of the free memory that is asked for: at 0 nothing could be served, at 1 nothing is left for the allocator.
FRACTION_LIMITS = (0.01, 0.99)


def memory_fraction(
    config: Config, facts: Facts, *, weights: int, activations: int, overhead: int, total: int
) -> tuple[float, int]:
    """(part of total memory that the engine may use, bytes of it that are neither weights nor KV cache).

    mem_fraction_static counts weights and KV cache, as SGLang does; the other engines get a converted value, so where it is
    set nothing else is inside. Where it is unset each engine has its own rule. Activations and overhead must fit beside it.
    """
    static = config.memory.mem_fraction_static
    if static is not None:
        if facts.engine == "vllm":
            return min(static, max(0.0, UTILIZATION_LIMIT - (activations + overhead) / total)), 0
        return static, 0
    match facts.engine:
        case "sglang":
            return _sglang_default(config, facts, total), 0
        case "trtllm" | "transformers":
            part = TRTLLM_DEFAULT if facts.engine == "trtllm" else TRANSFORMERS_DEFAULT
            most = total - activations - overhead
            # Where the weights are more than that, nothing is free to take a part of.
            return max(0.0, min(most, weights + part * max(0, most - weights))) / total, 0
        case _:
            return VLLM_DEFAULT, activations + overhead


def _sglang_default(config: Config, facts: Facts, total: int) -> float:
    """SGLang 0.5.23, arg_groups/memory_hook.py: everything but a reserve for activations and CUDA graphs."""
    sharding = shard(config, facts)
    reserved = 512 + 1.5 * max(batched_tokens(config, facts), 2048) + sharding.tp * sharding.pp / 8 * 1024
    reserved += 2 * captured_batch(config, facts) if config.misc.cuda_graphs is not False else 0
    if total > 60 * 1024 * MIB:
        reserved = max(reserved, 10 * 1024)
    return max(0.05, round(1 - reserved * MIB / total, 3))
