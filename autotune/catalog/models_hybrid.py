"""Hybrid models: most layers keep a state of fixed size (Mamba, linear attention) instead of a KV cache.

Sources as in `models_dense`. `hybrid.py` counts the layers with a state; the state itself is not part of the memory plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autotune.catalog.facts import ModelFacts
from autotune.catalog.hybrid import delta_net_params, mamba1_params, mamba2_params
from autotune.catalog.models_dense import CONFIG, IN_AIC, PUBLISHED, TRANSFORMERS


def _qwen35(name: str, params_b: float, active_params_b: float, *, layers: int, hidden: int, heads: int, kv: int, value_heads: int,
            encoder: float = 0.0, source: str = CONFIG, **more: Any) -> ModelFacts:  # fmt: skip
    """Qwen3-Next and Qwen3.5: of four layers three are gated delta nets, the fourth is gated attention 256 wide."""
    settings: dict[str, Any] = {
        "architecture": "Qwen3_5MoeForConditionalGeneration", "vocab_size": 248320, "max_context": 262144, "num_nextn_layers": 1,
        "multimodal": encoder > 0, "intermediate_size": more.get("moe_intermediate_size", 0),
    } | more  # fmt: skip
    if "num_experts" in more:
        settings |= {"num_moe_layers": layers, "shared_intermediate_size": more["moe_intermediate_size"]}
    return ModelFacts(
        id=f"Qwen/{name}", params_b=params_b, active_params_b=active_params_b, num_layers=layers, hidden_size=hidden, num_heads=heads,
        num_kv_heads=kv, head_dim=256, num_attention_layers=layers // 4, num_state_layers=layers - layers // 4,
        state_layer_params=delta_net_params(hidden, 16, value_heads, 128, 128, 4), attention_gate=True, encoder_params_b=encoder, source=source,
        **settings,
    )  # fmt: skip


def _nemotron_h(name: str, params_b: float, active_params_b: float, *, attention: int, states: int, mlps: int = 0, experts: int = 0,
                hidden: int, mamba_heads: int, state: int = 128, heads: int = 32, kv: int = 2, mlp: int, context: int = 262144, nextn: int = 0,
                latent: int | None = None, top: int = 0, source: str = CONFIG, **more: Any) -> ModelFacts:  # fmt: skip
    """Nemotron-H: a layer is a Mamba-2 mixer, attention, an MLP or experts, never two of them; MLPs have two matrices."""
    moe: dict[str, Any] = {}
    if experts:
        moe = {"num_experts": 128 if latent is None else 512, "experts_per_token": top, "moe_intermediate_size": mlp, "num_moe_layers": experts,
               "shared_intermediate_size": 2 * mlp}  # fmt: skip
    return ModelFacts(
        id=f"nvidia/{name}", architecture="NemotronHForCausalLM", params_b=params_b, active_params_b=active_params_b,
        num_layers=attention + states + mlps + experts, hidden_size=hidden, intermediate_size=mlp, num_heads=heads, num_kv_heads=kv, head_dim=128,
        vocab_size=131072, max_context=context, num_attention_layers=attention, num_state_layers=states,
        state_layer_params=mamba2_params(hidden, 64 * mamba_heads, mamba_heads, 8, state, 4), num_dense_layers=mlps, mlp_matrices=2,
        moe_latent_size=latent, num_nextn_layers=nextn, source=source, **moe, **more,
    )  # fmt: skip


def _jamba(
    name: str, params_b: float, active_params_b: float, *, layers: int, hidden: int, mlp: int, heads: int, source: str
) -> ModelFacts:
    # One layer of eight is attention, every other layer holds experts.
    return ModelFacts(
        id=f"ai21labs/{name}", architecture="JambaForCausalLM", params_b=params_b, active_params_b=active_params_b, num_layers=layers,
        hidden_size=hidden, intermediate_size=mlp, num_heads=heads, num_kv_heads=8, head_dim=128, vocab_size=65536, max_context=262144,
        num_experts=16, experts_per_token=2, moe_intermediate_size=mlp, num_moe_layers=layers // 2, num_attention_layers=layers // 8,
        num_state_layers=layers - layers // 8, state_layer_params=mamba1_params(hidden, 2 * hidden, 16, hidden // 16, 4), gated=True, source=source,
    )  # fmt: skip


_QWEN3_NEXT = _qwen35(
    "Qwen3-Next-80B-A3B-Instruct", 80.0, 3.0, layers=48, hidden=2048, heads=16, kv=2, value_heads=32, vocab_size=151936,
    architecture="Qwen3NextForCausalLM", intermediate_size=5120, num_experts=512, experts_per_token=10, moe_intermediate_size=512,
    source=f"{TRANSFORMERS}, but for the context: model card",
)  # fmt: skip

HYBRID: tuple[ModelFacts, ...] = (
    _QWEN3_NEXT,
    replace(_QWEN3_NEXT, id="Qwen/Qwen3-Next-80B-A3B-Thinking"),
    _qwen35("Qwen3.5-27B", 27.4, 27.4, layers=64, hidden=5120, heads=24, kv=4, value_heads=48, encoder=0.460, intermediate_size=17408,
        architecture="Qwen3_5ForConditionalGeneration"),
    _qwen35("Qwen3.5-35B-A3B", 35.0, 3.0, layers=40, hidden=2048, heads=16, kv=2, value_heads=32, encoder=0.446, num_experts=256,
        experts_per_token=8, moe_intermediate_size=512),
    _qwen35("Qwen3.5-122B-A10B", 122.0, 10.0, layers=48, hidden=3072, heads=32, kv=2, value_heads=64, encoder=0.451, num_experts=256,
        experts_per_token=8, moe_intermediate_size=1024),
    _qwen35("Qwen3.5-397B-A17B", 397.0, 17.0, layers=60, hidden=4096, heads=32, kv=2, value_heads=64, encoder=0.456, num_experts=512,
        experts_per_token=10, moe_intermediate_size=1024),
    _nemotron_h("NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", 31.6, 3.2, attention=6, states=23, experts=23, hidden=2688, mamba_heads=64, mlp=1856, top=6),
    _nemotron_h("NVIDIA-Nemotron-3-Super-120B-A12B-BF16", 120.6, 12.0, attention=8, states=40, experts=40, hidden=4096, mamba_heads=128, mlp=2688,
        latent=1024, top=22, nextn=1, source=f"config.json of its FP8 checkpoint, {IN_AIC}"),
    _nemotron_h("NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16", 550.0, 55.0, attention=12, states=48, experts=48, hidden=8192, mamba_heads=256, mlp=5120,
        heads=64, latent=2048, top=22, nextn=1),
    _nemotron_h("Nemotron-H-56B-Base-8K", 56.3, 56.3, attention=10, states=54, mlps=54, hidden=8192, mamba_heads=256, state=256, heads=64, kv=8,
        mlp=32768, context=8192),
    _jamba("AI21-Jamba-1.5-Mini", 51.6, 12.0, layers=32, hidden=4096, mlp=14336, heads=32,
        source="defaults of JambaConfig in transformers 5.23, which are those of Jamba-v0.1, of the same shape; not compared with its config.json"),
    _jamba("AI21-Jamba-1.5-Large", 398.6, 94.0, layers=72, hidden=8192, mlp=24576, heads=64, source=PUBLISHED),
    ModelFacts(
        id="ibm-granite/granite-4.0-h-small", architecture="GraniteMoeHybridForCausalLM", params_b=32.2, active_params_b=9.0, num_layers=40,
        hidden_size=4096, intermediate_size=768, num_heads=32, num_kv_heads=8, head_dim=128, vocab_size=100352, max_context=131072,
        tie_embeddings=True, num_experts=72, experts_per_token=10, moe_intermediate_size=768, shared_intermediate_size=1536, num_moe_layers=40,
        num_attention_layers=4, num_state_layers=36, state_layer_params=mamba2_params(4096, 8192, 128, 1, 128, 4), source=PUBLISHED,
    ),
    ModelFacts(
        id="MiniMaxAI/MiniMax-Text-01", architecture="MiniMaxText01ForCausalLM", params_b=456.0, active_params_b=45.9, num_layers=80,
        hidden_size=6144, intermediate_size=9216, num_heads=64, num_kv_heads=8, head_dim=128, vocab_size=200064, max_context=10240000,
        num_experts=32, experts_per_token=2, moe_intermediate_size=9216, num_moe_layers=80, num_attention_layers=10, num_state_layers=70,
        state_layer_params=5 * 6144 * 8192, source=PUBLISHED,
    ),
)  # fmt: skip
