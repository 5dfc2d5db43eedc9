"""Mixture-of-experts models with grouped-query attention in every layer. Sources as in `models_dense`."""

from __future__ import annotations

from dataclasses import replace

from autotune.catalog.facts import ModelFacts
from autotune.catalog.models_dense import BASE_CONFIG, CONFIG, LITGPT, PUBLISHED, TRANSFORMERS, WIDE_KV


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


def _llama4(name: str, params_b: float, *, experts: int, moe_layers: int, context: int) -> ModelFacts:
    # Three layers of four attend within chunks of 8192 tokens; the vision encoder is about 0.9e9.
    return ModelFacts(
        id=f"meta-llama/{name}", architecture="Llama4ForConditionalGeneration", params_b=params_b, active_params_b=17.2, num_layers=48,
        hidden_size=5120, intermediate_size=16384, num_heads=40, num_kv_heads=8, head_dim=128, vocab_size=202048, max_context=context,
        num_experts=experts, experts_per_token=1, moe_intermediate_size=8192, shared_intermediate_size=8192, num_moe_layers=moe_layers,
        sliding_window=8192, num_sliding_layers=36, encoder_params_b=0.9, gated=True, multimodal=True, source=CONFIG,
    )  # fmt: skip


def _glm4(name: str, params_b: float, active_params_b: float, *, layers: int, dense_layers: int, hidden: int, mlp: int, experts: int, moe: int,
          context: int, source: str) -> ModelFacts:  # fmt: skip
    return ModelFacts(
        id=f"zai-org/{name}", architecture="Glm4MoeForCausalLM", params_b=params_b, active_params_b=active_params_b, num_layers=layers,
        hidden_size=hidden, intermediate_size=mlp, num_heads=96, num_kv_heads=8, head_dim=128, vocab_size=151552, max_context=context,
        num_experts=experts, experts_per_token=8, moe_intermediate_size=moe, shared_intermediate_size=moe, num_moe_layers=layers - dense_layers,
        num_nextn_layers=1, source=source,
    )  # fmt: skip


def _minimax(name: str, *, context: int, source: str) -> ModelFacts:
    return ModelFacts(
        id=f"MiniMaxAI/{name}", architecture="MiniMaxM2ForCausalLM", params_b=230.0, active_params_b=10.0, num_layers=62, hidden_size=3072,
        intermediate_size=1536, num_heads=48, num_kv_heads=8, head_dim=128, vocab_size=200064, max_context=context, num_experts=256,
        experts_per_token=8, moe_intermediate_size=1536, num_moe_layers=62, num_nextn_layers=3, quantization="fp8_block", source=source,
    )  # fmt: skip


def _gpt_oss(size: str, params_b: float, active_params_b: float, *, layers: int, experts: int) -> ModelFacts:
    return ModelFacts(
        id=f"openai/gpt-oss-{size}", architecture="GptOssForCausalLM", params_b=params_b, active_params_b=active_params_b, num_layers=layers,
        hidden_size=2880, intermediate_size=2880, num_heads=64, num_kv_heads=8, head_dim=64, vocab_size=201088, max_context=131072,
        num_experts=experts, experts_per_token=4, moe_intermediate_size=2880, num_moe_layers=layers, sliding_window=128,
        num_sliding_layers=layers // 2, quantization="mxfp4", quantized_experts_only=True, source=CONFIG,
    )  # fmt: skip


MOE: tuple[ModelFacts, ...] = (
    _qwen3_moe("Qwen3-30B-A3B", 30.532, 3.3, 48, 2048, 6144, 32, 4, 128, 768, 40960),
    _qwen3_moe("Qwen3-235B-A22B", 235.094, 22.0, 94, 4096, 12288, 64, 4, 128, 1536, 40960),
    _qwen3_moe("Qwen3-Coder-480B-A35B-Instruct", 480.155, 35.0, 62, 6144, 8192, 96, 8, 160, 2560, 262144),
    replace(_qwen3_moe("Qwen3-Coder-30B-A3B-Instruct", 30.532, 3.3, 48, 2048, 6144, 32, 4, 128, 768, 262144),
        source=f"the shape of Qwen/Qwen3-30B-A3B; context: {PUBLISHED}"),
    replace(_qwen3_moe("Qwen3-30B-A3B-Instruct-2507", 30.532, 3.3, 48, 2048, 6144, 32, 4, 128, 768, 262144), source=LITGPT),
    replace(_qwen3_moe("Qwen3-30B-A3B-Thinking-2507", 30.532, 3.3, 48, 2048, 6144, 32, 4, 128, 768, 262144), source=LITGPT),
    replace(_qwen3_moe("Qwen3-235B-A22B-Instruct-2507", 235.094, 22.0, 94, 4096, 12288, 64, 4, 128, 1536, 262144), source=LITGPT),
    replace(_qwen3_moe("Qwen3-235B-A22B-Thinking-2507", 235.094, 22.0, 94, 4096, 12288, 64, 4, 128, 1536, 262144), source=LITGPT),
    _llama4("Llama-4-Scout-17B-16E-Instruct", 108.642, experts=16, moe_layers=48, context=10485760),
    _llama4("Llama-4-Maverick-17B-128E-Instruct", 401.583, experts=128, moe_layers=24, context=1048576),
    ModelFacts(
        id="mistralai/Mixtral-8x7B-Instruct-v0.1", architecture="MixtralForCausalLM", params_b=46.703, active_params_b=12.9, num_layers=32,
        hidden_size=4096, intermediate_size=14336, num_heads=32, num_kv_heads=8, head_dim=128, vocab_size=32000, max_context=32768, num_experts=8,
        experts_per_token=2, moe_intermediate_size=14336, num_moe_layers=32, gated=True, source=BASE_CONFIG,
    ),
    _gpt_oss("20b", 20.915, 3.61, layers=24, experts=32),
    _gpt_oss("120b", 116.829, 5.13, layers=36, experts=128),
    _glm4("GLM-4.5-Air", 106.0, 12.0, layers=46, dense_layers=1, hidden=4096, mlp=10944, experts=128, moe=1408, context=131072, source=TRANSFORMERS),
    _glm4("GLM-4.5", 355.0, 32.0, layers=92, dense_layers=3, hidden=5120, mlp=12288, experts=160, moe=1536, context=131072, source=PUBLISHED),
    _glm4("GLM-4.6", 355.0, 32.0, layers=92, dense_layers=3, hidden=5120, mlp=12288, experts=160, moe=1536, context=202752,
        source=f"the shape of GLM-4.5; {PUBLISHED}"),
    _glm4("GLM-4.7", 355.0, 32.0, layers=92, dense_layers=3, hidden=5120, mlp=12288, experts=160, moe=1536, context=202752,
        source=f"the shape of GLM-4.5; {PUBLISHED}"),
    _minimax("MiniMax-M2", context=196608, source=f"the shape of MiniMax-M2.5; {PUBLISHED}"),
    _minimax("MiniMax-M2.5", context=196608, source=CONFIG),
    _minimax("MiniMax-M2.7", context=204800, source=CONFIG),
    ModelFacts(
        id="XiaomiMiMo/MiMo-V2-Flash", architecture="MiMoV2FlashForCausalLM", params_b=309.0, active_params_b=15.0, num_layers=48,
        hidden_size=4096, intermediate_size=16384, num_heads=64, num_kv_heads=4, head_dim=192, v_head_dim=128, vocab_size=152576,
        max_context=262144, num_experts=256, experts_per_token=8, moe_intermediate_size=2048, num_moe_layers=47, sliding_window=128,
        num_sliding_layers=39, quantization="fp8_block",
        source=f"{CONFIG}; its sliding layers have 8 KV heads, 4 are counted",
    ),
    ModelFacts(
        id="stepfun-ai/Step-3.7-Flash", architecture="Step3p7FlashForCausalLM", params_b=196.0, active_params_b=11.0, num_layers=45,
        hidden_size=4096, intermediate_size=11264, num_heads=64, num_kv_heads=8, head_dim=128, vocab_size=128896, max_context=65536,
        num_experts=288, experts_per_token=8, moe_intermediate_size=1280, shared_intermediate_size=1280, num_moe_layers=42,
        sliding_window=512, num_sliding_layers=33, num_nextn_layers=3, source=CONFIG,
    ),
    ModelFacts(
        id="google/gemma-4-26B-A4B-it", architecture="Gemma4ForConditionalGeneration", params_b=25.8, active_params_b=4.0, num_layers=30,
        hidden_size=2816, intermediate_size=2112, num_heads=16, num_kv_heads=8, head_dim=256, vocab_size=262144, max_context=262144,
        tie_embeddings=True, num_experts=128, experts_per_token=8, moe_intermediate_size=704, shared_intermediate_size=2112, num_moe_layers=30,
        sliding_window=1024, num_sliding_layers=25, encoder_params_b=0.55, multimodal=True, source=f"{BASE_CONFIG}; {WIDE_KV}",
    ),
    ModelFacts(
        id="mistralai/Mixtral-8x22B-Instruct-v0.1", architecture="MixtralForCausalLM", params_b=140.621, active_params_b=39.0, num_layers=56,
        hidden_size=6144, intermediate_size=16384, num_heads=48, num_kv_heads=8, head_dim=128, vocab_size=32768, max_context=65536, num_experts=8,
        experts_per_token=2, moe_intermediate_size=16384, num_moe_layers=56, gated=True,
        source=f"{BASE_CONFIG}; the Instruct checkpoint has 768 tokens more in its vocabulary",
    ),
    ModelFacts(
        id="microsoft/Phi-3.5-MoE-instruct", architecture="PhiMoEForCausalLM", params_b=41.873, active_params_b=6.6, num_layers=32, hidden_size=4096,
        intermediate_size=6400, num_heads=32, num_kv_heads=8, head_dim=128, vocab_size=32064, max_context=131072, num_experts=16,
        experts_per_token=2, moe_intermediate_size=6400, num_moe_layers=32, source=PUBLISHED,
    ),
    ModelFacts(
        id="allenai/OLMoE-1B-7B-0924-Instruct", architecture="OlmoeForCausalLM", params_b=6.919, active_params_b=1.28, num_layers=16,
        hidden_size=2048, intermediate_size=1024, num_heads=16, num_kv_heads=16, head_dim=128, vocab_size=50304, max_context=4096, num_experts=64,
        experts_per_token=8, moe_intermediate_size=1024, num_moe_layers=16, source=f"{TRANSFORMERS}, but for the experts' width: {PUBLISHED}",
    ),
    ModelFacts(
        id="baidu/ERNIE-4.5-21B-A3B-PT", architecture="Ernie4_5_MoeForCausalLM", params_b=21.826, active_params_b=3.0, num_layers=28,
        hidden_size=2560, intermediate_size=12288, num_heads=20, num_kv_heads=4, head_dim=128, vocab_size=103424, max_context=131072,
        tie_embeddings=True, num_experts=64, experts_per_token=6, moe_intermediate_size=1536, shared_intermediate_size=3072, num_moe_layers=27,
        source=TRANSFORMERS,
    ),
    ModelFacts(
        id="upstage/Solar-Open-100B", architecture="SolarOpenForCausalLM", params_b=102.6, active_params_b=12.0, num_layers=48, hidden_size=4096,
        intermediate_size=10240, num_heads=64, num_kv_heads=8, head_dim=128, vocab_size=196608, max_context=131072, num_experts=128,
        experts_per_token=8, moe_intermediate_size=1280, shared_intermediate_size=1280, num_moe_layers=48, source=TRANSFORMERS,
    ),
)  # fmt: skip
