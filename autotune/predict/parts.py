"""From catalog facts to the coefficients of a `RooflineTiming`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autotune.catalog.activations import batched_tokens, sequences
from autotune.catalog.formats import expert_format, kv_value_bytes, linear_format
from autotune.catalog.kv_cache import full_layers, kv_values_per_layer
from autotune.catalog.memory import plan_memory
from autotune.catalog.parameters import parameters
from autotune.catalog.sharding import shard
from autotune.catalog.weights import weight_parts
from autotune.predict.formats import arithmetic, peak_flops
from autotune.predict.launch import given, graph_tokens, launch_s
from autotune.predict.timing import Cache, Part, RooflineTiming

if TYPE_CHECKING:
    from autotune.catalog.facts import Format
    from autotune.catalog.sharding import Sharding
    from autotune.engines.engine import Facts
    from autotune.predict.efficiency import Efficiency
    from autotune.schema import Config

#: Requests in a batch where the engine sizes it by KV cache alone.
_BY_MEMORY = 2048
#: Bytes of one activation on the wire.
_HALF = 2


class Speculation(NamedTuple):
    """`drafted` tokens a step at `share` of a decode pass, of which 1 + (accepted drafts) are kept on average."""

    drafted: int = 0
    share: float = 0.0
    accepted: float = 1.0


def build_timing(config: Config, facts: Facts, efficiency: Efficiency) -> RooflineTiming:
    """The timing of the server that this config means. Pure; finite for every model and GPU of the catalog."""
    sharding, plan = shard(config, facts), plan_memory(config, facts)
    running = config.scheduling.max_running_requests
    if running is None:
        running = _BY_MEMORY if facts.engine in ("sglang", "trtllm") else sequences(config, facts)
    drafts = speculation(config, facts, efficiency)
    model = facts.model
    dense, experts, head = _linear_parts(config, facts, sharding, efficiency)
    collective_token, collective_fixed = _collectives(config, facts, sharding, efficiency)
    eager = config.misc.cuda_graphs is False or facts.engine == "transformers"
    offloaded = (config.memory.cpu_offload_gb or 0.0) * 1e9 / efficiency.host_link_bytes_per_s
    gaps = model.num_layers * efficiency.layer_s + model.num_moe_layers * efficiency.moe_layer_s
    fixed = collective_fixed + gaps + efficiency.step_s + offloaded
    launch = launch_s(model, efficiency)
    return RooflineTiming(
        max_running_requests=running * sharding.dp,
        max_batched_tokens=batched_tokens(config, facts) * sharding.dp,
        kv_capacity_tokens=plan.kv_capacity_tokens * sharding.dp,
        replicas=sharding.dp,
        stages=sharding.pp,
        dense=dense,
        experts=experts,
        head=head,
        caches=_caches(config, facts, sharding, efficiency),
        miss=1.0 - model.experts_per_token / model.num_experts if model.is_moe else 0.0,
        sharing=max(1, sharding.expert_ranks // sharding.attention_tp) if model.is_moe else 1,
        collective_token_s=collective_token,
        fixed_s=fixed,
        floor_s=launch if eager else 0.0,
        prefill_floor_s=launch,
        graph_tokens=graph_tokens(config, facts),
        overlap=efficiency.overlap,
        request_s=efficiency.request_s,
        first_token_s=efficiency.first_token_s,
        cohort=efficiency.cohort,
        stage_factor=1.0 + efficiency.stage_imbalance * (sharding.pp - 1),
        drafted=drafts.drafted,
        draft_share=drafts.share,
        accepted=drafts.accepted,
        mixed=facts.engine != "sglang" or given(config, "--enable-mixed-chunk"),
        poll_passes=poll_passes(config, facts),
        reserved=1.0 if facts.engine == "trtllm" else 0.5,
    )


def poll_passes(config: Config, facts: Facts) -> float:
    """Decode passes from one look at new requests to the next: SGLang's `--scheduler-recv-interval`, which counts decode
    passes only (managers/scheduler_recv_skipper.py, 0.5); every other engine looks before each pass.
    """
    interval = config.misc.extra_args.get("--scheduler-recv-interval")
    try:
        return max(1.0, float(interval)) if facts.engine == "sglang" and interval is not None else 1.0  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 1.0


def gemm_share(arithmetic_format: Format, efficiency: Efficiency) -> float:
    """Share of peak FLOPS that dense GEMMs reach in a format."""
    match arithmetic_format:
        case "fp4":
            return efficiency.gemm_4bit
        case "fp8" | "int8":
            return efficiency.gemm_8bit
        case _:
            return efficiency.gemm_16bit


def _linear_parts(config: Config, facts: Facts, sharding: Sharding, efficiency: Efficiency) -> tuple[Part, Part, Part]:
    """(dense layers, routed experts, output head) of one GPU, all pipeline stages together.

    2 FLOP a parameter a token (one multiply, one add). The input table is looked up, not multiplied, so it costs nothing.
    """
    model, gpu, modes = facts.model, facts.gpu, config.quantization
    counted = parameters(model)
    weights = weight_parts(model, modes.gemm_mode, modes.moe_mode, dtype=config.misc.dtype)
    bandwidth = gpu.bandwidth_gb_s * 1e9 * efficiency.bandwidth

    def flops(weight_format: str | None) -> float:
        chosen = arithmetic(weight_format, gpu)
        return peak_flops(gpu, chosen) * gemm_share(chosen, efficiency)

    dense = Part(
        token_s=2 * counted.linear / sharding.attention_tp / flops(linear_format(model, modes.gemm_mode)),
        read_s=(weights.attention / sharding.attention_tp + weights.dense / sharding.tp) / bandwidth,
    )
    experts = Part(0.0, 0.0)
    if model.is_moe:
        active = counted.experts * model.experts_per_token / model.num_experts
        rate = flops(expert_format(model, modes.gemm_mode, modes.moe_mode)) * efficiency.grouped_gemm
        slower = efficiency.expert_bandwidth / efficiency.bandwidth
        experts = Part(
            token_s=2 * active / sharding.expert_ranks / rate,
            read_s=weights.experts / sharding.expert_ranks / (bandwidth * slower),
        )
    head = Part(
        token_s=2 * model.vocab_size * model.hidden_size / sharding.tp / flops(None),
        read_s=weights.embedding / (1 if model.tie_embeddings else 2) / sharding.tp / bandwidth,
    )
    return dense, experts, head


def _caches(config: Config, facts: Facts, sharding: Sharding, efficiency: Efficiency) -> tuple[Cache, ...]:
    """Attention over layers that keep everything, and over those with a sliding window.

    Two products a query-key pair and head, 2 FLOP an element: 2 * (query width + value width). Decoding in MLA works on
    the latent: its width is kv_lora_rank + qk_rope_head_dim for the scores and kv_lora_rank for the values.
    """
    model, gpu = facts.model, facts.gpu
    value_bytes = kv_value_bytes(config.quantization.kvcache_mode, config.misc.dtype)
    heads = model.num_heads / sharding.attention_tp
    kv_heads = None if model.is_mla else max(1, -(-model.num_kv_heads // sharding.attention_tp))
    cached = kv_values_per_layer(model, kv_heads) * value_bytes / sharding.kv_ranks
    widths = model.head_dim + (model.v_head_dim or model.head_dim)
    decode_widths = widths
    if model.kv_lora_rank is not None:
        decode_widths = 2 * model.kv_lora_rank + (model.qk_rope_head_dim or 0)
    fast = config.quantization.fmha_mode == "fp8" and gpu.supports_fp8
    flops = peak_flops(gpu, "fp8" if fast else "bf16")
    read = cached / (gpu.bandwidth_gb_s * 1e9 * efficiency.kv_bandwidth)
    pair = 2 * heads * widths / (flops * efficiency.attention)
    decode_pair = 2 * heads * decode_widths / sharding.kv_ranks / (flops * efficiency.decode_attention)
    kinds = ((full_layers(model), None), (model.num_sliding_layers, model.sliding_window))
    return tuple(
        Cache(layers * read, layers * pair, layers * decode_pair, None if window is None else float(window))
        for layers, window in kinds
        if layers
    )


def _collectives(config: Config, facts: Facts, sharding: Sharding, efficiency: Efficiency) -> tuple[float, float]:
    """(seconds a token, seconds a pass).

    Tensor parallel: two all-reduces a layer, each moving 2 (n - 1) / n of the hidden state over the slowest link (a ring).
    Ranks that share experts without sharing attention: the second one becomes two all-to-alls, which carry each token to
    the ranks of its experts and back. Pipeline: one hand-over of the hidden state between stages.
    """
    model, gpu = facts.model, facts.gpu
    hidden = model.hidden_size * (1 if config.quantization.comm_mode == "fp8" else _HALF)
    token = fixed = 0.0

    def link(ranks: int) -> tuple[float, float]:
        if ranks > facts.gpus_per_node:
            return gpu.node_link_gb_s * 1e9 * efficiency.link, efficiency.node_latency_s
        latency = efficiency.link_latency_s + efficiency.link_latency_per_rank_s * ranks
        return gpu.link_gb_s * 1e9 * efficiency.link, latency if gpu.nvlink else efficiency.pcie_latency_s

    shared_layers = model.num_moe_layers if sharding.expert_ranks > sharding.attention_tp else 0
    if (ranks := sharding.attention_tp) > 1:
        speed, latency = link(ranks)
        count = 2 * model.num_layers - shared_layers
        token += count * hidden * 2 * (ranks - 1) / ranks / speed
        fixed += count * latency
    if shared_layers:
        ranks = sharding.expert_ranks
        speed, latency = link(ranks)
        copies = min(model.experts_per_token, ranks) * (ranks - 1) / ranks
        token += shared_layers * 2 * copies * hidden / speed
        fixed += shared_layers * 2 * latency
    if sharding.pp > 1:
        speed, latency = link(sharding.gpus)
        token += (sharding.pp - 1) * hidden / speed
        fixed += (sharding.pp - 1) * latency
    return token, fixed


def speculation(config: Config, facts: Facts, efficiency: Efficiency) -> Speculation:
    """With acceptance a, n drafts yield 1 + a + a^2 + .. + a^n tokens a step (Leviathan et al., 2023, equation 1).

    A draft by the model's own extra layer (mtp, eagle) costs about one layer of it; by another model about a tenth of it;
    by looking up n-grams nothing.
    """
    speculative, nextn = config.misc.speculative, config.runtime.nextn or 0
    if speculative is None and not nextn:
        return Speculation()
    drafted = speculative.num_tokens if speculative is not None else nextn
    method = speculative.method if speculative is not None else "mtp"
    each = {"ngram": 0.0, "suffix": 0.0, "draft_model": 0.1}.get(method, 1.0 / facts.model.num_layers)
    accepted = sum(efficiency.acceptance**position for position in range(drafted + 1))
    return Speculation(drafted, drafted * each, accepted)
