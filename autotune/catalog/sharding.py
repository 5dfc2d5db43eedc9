"""How an engine spreads a model over GPUs: what each parallel size divides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.schema import Config


@dataclass(frozen=True, slots=True)
class Sharding:
    """Sizes after the engine's own rules. `gpus` is what one server takes in all."""

    tp: int
    pp: int
    dp: int
    """Ranks that hold a KV cache of their own and serve their own requests."""
    attention_tp: int
    """Ranks that share the attention heads."""
    expert_ranks: int
    """Ranks that share the routed experts, whole or in slices."""
    kv_ranks: int
    """Ranks that share the tokens of one KV cache (decode context parallelism)."""
    gpus: int


def shard(config: Config, facts: Facts) -> Sharding:
    """Unset sizes are 1.

    Sources: vLLM docs, serving/data_parallel_deployment (experts are spread over tp x dp, with or without expert
    parallelism) and serving/context_parallel_deployment; SGLang server arguments (dp ranks are replicas unless attention is data
    parallel, which happens inside tp; cp is inside tp too); TensorRT-LLM parallel strategies (no dp; attention dp replicates
    attention on every tp rank; world size tp x pp x cp); transformers serve uses one GPU.
    """
    parallel = config.parallel
    tp, pp, dp = parallel.tp or 1, parallel.pp or 1, parallel.dp or 1
    cp, dcp = parallel.cp or 1, parallel.dcp or 1
    match facts.engine:
        case "sglang":
            if parallel.dp_attention:
                ranks = parallel.dp or tp
                return Sharding(tp, pp, ranks, max(1, tp // ranks), tp, dcp, tp * pp)
            return Sharding(tp, pp, dp, tp, tp, dcp, tp * pp * dp)
        case "trtllm":
            ranks = tp if parallel.dp_attention else 1
            return Sharding(tp, pp, ranks, tp // ranks, tp, 1, tp * pp * cp)
        case "transformers":
            return Sharding(1, 1, 1, 1, 1, 1, 1)
        case _:
            return Sharding(tp, pp, dp, tp, tp * dp, dcp, tp * pp * dp * cp)


def gpus_needed(config: Config, facts: Facts) -> int:
    """GPUs that one server takes, replicas (`deploy.replicas`) not counted."""
    return shard(config, facts).gpus


def gpus_available(config: Config, facts: Facts) -> int:
    """GPUs that one server may use: system.num_gpus, else all of its nodes."""
    return config.system.num_gpus or facts.gpus_per_node * config.system.nodes


def tp_sizes(num_heads: int, num_kv_heads: int | None) -> list[int]:
    """Tensor parallel sizes that split `num_heads` evenly and split or replicate the KV heads evenly.

    `num_kv_heads` is None for MLA, whose latent is kept by every rank.
    """
    sizes = [size for size in range(1, num_heads + 1) if num_heads % size == 0]
    if num_kv_heads is None:
        return sizes
    return [size for size in sizes if num_kv_heads % size == 0 or size % num_kv_heads == 0]
