"""GPU memory beside weights and KV cache: activations of one step, and what runtime and collectives keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.formats import dtype_bytes

if TYPE_CHECKING:
    from autotune.catalog.sharding import Sharding
    from autotune.engines.engine import Facts
    from autotune.schema import Config

GIB = 1024**3
MIB = 1024**2

#: cuBLAS and attention workspaces: FlashInfer's buffer is 394 MiB (vLLM `VLLM_FLASHINFER_WORKSPACE_BUFFER_SIZE`), rounded up.
WORKSPACE_BYTES = 512 * MIB
#: NCCL buffers and all-reduce workspaces of one rank (aiconfigurator-core 0.12.0, systems/*.yaml, `nccl_mem`).
NCCL_BYTES = {1: 0, 2: 358_612_992}
NCCL_BYTES_MANY = 411_041_792
#: CUDA graph buffers for each request of the largest captured batch (SGLang 0.5.23, arg_groups/memory_hook.py).
GRAPH_BYTES_PER_REQUEST = 2 * MIB
#: Logits of one sequence while sampling: 16 bit, a float32 copy and float32 probabilities.
LOGIT_BYTES = 2 + 4 + 4


def batched_tokens(config: Config, facts: Facts) -> int:
    """Tokens of the largest step. Where unset, the engine's default for this GPU.

    vLLM: `get_batch_defaults` in engine/arg_utils.py (0.32); without chunked prefill a step takes the longest request. SGLang:
    arg_groups/memory_hook.py (0.5.23). TensorRT-LLM: `max_num_tokens` 8192.
    """
    scheduling = config.scheduling
    if facts.engine == "sglang":
        chosen = config.attention.chunked_prefill_size or scheduling.max_batched_tokens
        return chosen or _sglang_chunk(facts.gpu.memory_bytes)
    if scheduling.max_batched_tokens is not None:
        return scheduling.max_batched_tokens
    if facts.engine == "vllm":
        tokens = _vllm_default(facts)[0]
        if scheduling.chunked_prefill is False:
            tokens = max(tokens, config.misc.context_length or facts.model.max_context)
        return tokens
    return 8192 if facts.engine == "trtllm" else 2048


def sequences(config: Config, facts: Facts) -> int:
    """Requests of the largest step: the setting, else the engine's default."""
    if config.scheduling.max_running_requests is not None:
        return config.scheduling.max_running_requests
    return _vllm_default(facts)[1] if facts.engine == "vllm" else 256


def activation_bytes(config: Config, facts: Facts, sharding: Sharding) -> int:
    """Peak of temporary tensors on one GPU: the widest layer of a full step, or the sampler, whichever is more.

    With T tokens, hidden width H, and the widths that tp leaves to one rank, a layer holds the residual and its input (2 H),
    and either q, k, v and the attention output, or the gated MLP's two halves and their product (3 I); a MoE layer
    instead holds every token once per chosen expert, the full width and its share of the experts' halves and product. The sampler holds LOGIT_BYTES for
    every entry of the vocabulary of every sequence. Engines free one before the other.
    """
    model, tp, attention_tp = facts.model, sharding.tp, sharding.attention_tp
    tokens, wide = batched_tokens(config, facts), dtype_bytes(config.misc.dtype)
    attention = (2 * model.num_heads * model.head_dim) / attention_tp
    attention += 2 * max(1, model.num_kv_heads // attention_tp) * model.head_dim
    dense = 3 * model.intermediate_size / tp if model.num_moe_layers < model.num_layers else 0.0
    experts = 0.0
    if model.is_moe:
        copy = model.hidden_size + 3 * model.moe_intermediate_size / sharding.expert_ranks
        experts = model.experts_per_token * copy + 3 * model.shared_intermediate_size / tp
    layer = tokens * wide * (2 * model.hidden_size + max(attention, dense, experts))
    sampler = min(sequences(config, facts), tokens) * model.vocab_size * LOGIT_BYTES
    return round(max(layer, sampler))


def overhead_bytes(config: Config, facts: Facts, sharding: Sharding) -> int:
    """Workspaces, collectives' buffers and CUDA graphs of one GPU; nothing on the CPU.

    The CUDA context itself lies outside of every engine's accounting and within what memory fractions leave free.
    """
    if facts.gpu.vendor == "cpu":
        return 0
    graphs = 0 if config.misc.cuda_graphs is False else GRAPH_BYTES_PER_REQUEST * captured_batch(config, facts)
    return WORKSPACE_BYTES + NCCL_BYTES.get(sharding.gpus, NCCL_BYTES_MANY) + graphs


def captured_batch(config: Config, facts: Facts) -> int:
    """Largest batch that is captured as a CUDA graph: 512 at most by default in vLLM, 256 or fewer in the others."""
    sizes = config.misc.cuda_graph_sizes
    if sizes:
        return max(sizes)
    return min(512 if facts.engine == "vllm" else 256, 2 * sequences(config, facts))


def _vllm_default(facts: Facts) -> tuple[int, int]:
    """(max_num_batched_tokens, max_num_seqs) of vLLM's API server."""
    memory = facts.gpu.memory_bytes
    if facts.gpu.vendor != "cpu" and memory >= 160 * GIB:
        return 16384, 1024
    if facts.gpu.vendor != "cpu" and memory >= 70 * GIB and "A100" not in facts.gpu.product:
        return 8192, 1024
    return 2048, 256


def _sglang_chunk(memory: int) -> int:
    limits = ((20, 2048), (60, 4096), (160, 8192))
    return next((tokens for gib, tokens in limits if memory < gib * GIB), 16384)
