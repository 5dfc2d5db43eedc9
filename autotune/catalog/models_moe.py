"""Mixture-of-experts models, with grouped-query attention or with MLA. Sources as in `models_dense`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autotune.catalog.facts import ModelFacts
from autotune.catalog.models_dense import BASE_CONFIG, CONFIG, PUBLISHED


def _qwen3_moe(  # noqa: PLR0917 - a row of a table
    name: str,
    params_b: float,
    active_params_b: float,
    layers: int,
    hidden: int,
    mlp: int,
    heads: int,
    kv: int,
    experts: int,
    moe: int,
    context: int,
) -> ModelFacts:
    return ModelFacts(
        id=f"Qwen/{name}", architecture="Qwen3MoeForCausalLM", params_b=params_b, active_params_b=active_params_b, num_layers=layers,
        hidden_size=hidden, intermediate_size=mlp, num_heads=heads, num_kv_heads=kv, head_dim=128, vocab_size=151936, max_context=context,
        num_experts=experts, experts_per_token=8, moe_intermediate_size=moe, num_moe_layers=layers, source=CONFIG,
    )  # fmt: skip


def _deepseek(id: str, params_b: float, active_params_b: float, *, layers: int, dense_layers: int, heads: int, vocab: int, context: int,  # noqa: A002
              experts: int, nextn: int, source: str = CONFIG, **more: Any) -> ModelFacts:  # fmt: skip
    """The DeepSeek-V3 family: query heads are 128 wide and 64 more for the rotary part, values 128."""
    return ModelFacts(
        id=id, architecture="DeepseekV3ForCausalLM", params_b=params_b, active_params_b=active_params_b, num_layers=layers, hidden_size=7168,
        intermediate_size=18432, num_heads=heads, num_kv_heads=heads, head_dim=192, v_head_dim=128, vocab_size=vocab, max_context=context,
        num_experts=experts, experts_per_token=8, moe_intermediate_size=2048, shared_intermediate_size=2048, num_moe_layers=layers - dense_layers,
        kv_lora_rank=512, qk_rope_head_dim=64, q_lora_rank=1536, num_nextn_layers=nextn, quantization="fp8_block", source=source, **more,
    )  # fmt: skip


def _llama4(name: str, params_b: float, *, experts: int, moe_layers: int, context: int) -> ModelFacts:
    # Three layers of four attend within chunks of 8192 tokens; the vision encoder is about 0.9e9.
    return ModelFacts(
        id=f"meta-llama/{name}", architecture="Llama4ForConditionalGeneration", params_b=params_b, active_params_b=17.2, num_layers=48,
        hidden_size=5120, intermediate_size=16384, num_heads=40, num_kv_heads=8, head_dim=128, vocab_size=202048, max_context=context,
        num_experts=experts, experts_per_token=1, moe_intermediate_size=8192, shared_intermediate_size=8192, num_moe_layers=moe_layers,
        sliding_window=8192, num_sliding_layers=36, encoder_params_b=0.9, gated=True, multimodal=True, source=CONFIG,
    )  # fmt: skip


def _gpt_oss(size: str, params_b: float, active_params_b: float, *, layers: int, experts: int) -> ModelFacts:
    return ModelFacts(
        id=f"openai/gpt-oss-{size}", architecture="GptOssForCausalLM", params_b=params_b, active_params_b=active_params_b, num_layers=layers,
        hidden_size=2880, intermediate_size=2880, num_heads=64, num_kv_heads=8, head_dim=64, vocab_size=201088, max_context=131072,
        num_experts=experts, experts_per_token=4, moe_intermediate_size=2880, num_moe_layers=layers, sliding_window=128,
        num_sliding_layers=layers // 2, quantization="mxfp4", quantized_experts_only=True, source=CONFIG,
    )  # fmt: skip


_QWEN3_30B = _qwen3_moe("Qwen3-30B-A3B", 30.532, 3.3, 48, 2048, 6144, 32, 4, 128, 768, 40960)
_QWEN3_235B = _qwen3_moe("Qwen3-235B-A22B", 235.094, 22.0, 94, 4096, 12288, 64, 4, 128, 1536, 40960)

MOE: tuple[ModelFacts, ...] = (
    _QWEN3_30B,
    replace(_QWEN3_30B, id="Qwen/Qwen3-30B-A3B-FP8", quantization="fp8_block"),
    _QWEN3_235B,
    replace(_QWEN3_235B, id="Qwen/Qwen3-235B-A22B-FP8", quantization="fp8_block"),
    replace(_QWEN3_235B, id="nvidia/Qwen3-235B-A22B-NVFP4", quantization="nvfp4"),
    _qwen3_moe("Qwen3-Coder-480B-A35B-Instruct", 480.155, 35.0, 62, 6144, 8192, 96, 8, 160, 2560, 262144),
    _llama4("Llama-4-Scout-17B-16E-Instruct", 108.642, experts=16, moe_layers=48, context=10485760),
    _llama4("Llama-4-Maverick-17B-128E-Instruct", 401.583, experts=128, moe_layers=24, context=1048576),
    ModelFacts(
        id="mistralai/Mixtral-8x7B-Instruct-v0.1", architecture="MixtralForCausalLM", params_b=46.703, active_params_b=12.9, num_layers=32,
        hidden_size=4096, intermediate_size=14336, num_heads=32, num_kv_heads=8, head_dim=128, vocab_size=32000, max_context=32768, num_experts=8,
        experts_per_token=2, moe_intermediate_size=14336, num_moe_layers=32, gated=True, source=BASE_CONFIG,
    ),
    _deepseek("deepseek-ai/DeepSeek-V3", 671.026, 37.0, layers=61, dense_layers=3, heads=128, vocab=129280, context=163840, experts=256, nextn=1),
    _deepseek("deepseek-ai/DeepSeek-R1", 671.026, 37.0, layers=61, dense_layers=3, heads=128, vocab=129280, context=163840, experts=256, nextn=1),
    _deepseek("moonshotai/Kimi-K2-Instruct", 1026.408, 32.0, layers=61, dense_layers=1, heads=64, vocab=163840, context=131072, experts=384, nextn=0),
    ModelFacts(
        id="deepseek-ai/DeepSeek-V2-Lite", architecture="DeepseekV2ForCausalLM", params_b=15.706, active_params_b=2.4, num_layers=27,
        hidden_size=2048, intermediate_size=10944, num_heads=16, num_kv_heads=16, head_dim=192, v_head_dim=128, vocab_size=102400,
        max_context=163840, num_experts=64, experts_per_token=6, moe_intermediate_size=1408, shared_intermediate_size=2816, num_moe_layers=26,
        kv_lora_rank=512, qk_rope_head_dim=64, aliases=("deepseek-ai/DeepSeek-V2-Lite-Chat",), source=PUBLISHED,
    ),
    _gpt_oss("20b", 20.915, 3.61, layers=24, experts=32),
    _gpt_oss("120b", 116.829, 5.13, layers=36, experts=128),
    ModelFacts(
        id="zai-org/GLM-4.5-Air", architecture="Glm4MoeForCausalLM", params_b=106.0, active_params_b=12.0, num_layers=46, hidden_size=4096,
        intermediate_size=10944, num_heads=96, num_kv_heads=8, head_dim=128, vocab_size=151552, max_context=131072, num_experts=128,
        experts_per_token=8, moe_intermediate_size=1408, shared_intermediate_size=1408, num_moe_layers=45, num_nextn_layers=1,
        source="defaults of transformers' Glm4MoeConfig, which are this model's; not compared with its config.json",
    ),
    ModelFacts(
        id="MiniMaxAI/MiniMax-M2.5", architecture="MiniMaxM2ForCausalLM", params_b=230.0, active_params_b=10.0, num_layers=62, hidden_size=3072,
        intermediate_size=1536, num_heads=48, num_kv_heads=8, head_dim=128, vocab_size=200064, max_context=196608, num_experts=256,
        experts_per_token=8, moe_intermediate_size=1536, num_moe_layers=62, num_nextn_layers=3, quantization="fp8_block", source=CONFIG,
    ),
)  # fmt: skip
