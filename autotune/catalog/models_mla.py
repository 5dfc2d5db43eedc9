"""Mixture-of-experts models with multi-head latent attention (MLA). Sources as in `models_dense`."""

from __future__ import annotations

from typing import Any

from autotune.catalog.facts import ModelFacts
from autotune.catalog.models_dense import CONFIG, IN_AIC, PUBLISHED, TRANSFORMERS

#: DeepSeek-V3.2 and GLM-5 keep 128 values a token and layer more for their indexer; they are not counted.
INDEXER = "the indexer and its cache (about a tenth of the latent) are not counted"


def _deepseek(id: str, params_b: float, active_params_b: float, *, layers: int, dense_layers: int, heads: int, vocab: int, context: int,  # noqa: A002
              experts: int, nextn: int, source: str = CONFIG, **more: Any) -> ModelFacts:  # fmt: skip
    """The DeepSeek-V3 family: query heads are 128 wide and 64 more for the rotary part, values 128."""
    return ModelFacts(
        id=id, params_b=params_b, active_params_b=active_params_b, num_layers=layers, hidden_size=7168,
        intermediate_size=18432, num_heads=heads, num_kv_heads=heads, head_dim=192, v_head_dim=128, vocab_size=vocab, max_context=context,
        num_experts=experts, experts_per_token=8, moe_intermediate_size=2048, shared_intermediate_size=2048, num_moe_layers=layers - dense_layers,
        kv_lora_rank=512, qk_rope_head_dim=64, q_lora_rank=1536, num_nextn_layers=nextn,
        **{"quantization": "fp8_block", "architecture": "DeepseekV3ForCausalLM", "source": source, **more},
    )  # fmt: skip


def _deepseek_v3(name: str, source: str, context: int = 163840, **more: Any) -> ModelFacts:
    return _deepseek(
        f"deepseek-ai/{name}", 671.026, 37.0, layers=61, dense_layers=3, heads=128, vocab=129280, context=context, experts=256, nextn=1, source=source,
        **more,
    )  # fmt: skip


def _kimi_k2(name: str, source: str, context: int = 262144, **more: Any) -> ModelFacts:
    return _deepseek(
        f"moonshotai/{name}", 1026.408, 32.0, layers=61, dense_layers=1, heads=64, vocab=163840, context=context, experts=384, nextn=0,
        source=source, **more,
    )  # fmt: skip


def _glm5(name: str, context: int) -> ModelFacts:
    """The GLM-5 family: query heads are 192 wide and 64 more for the rotary part, values 256."""
    return ModelFacts(
        id=f"zai-org/{name}", architecture="GlmMoeDsaForCausalLM", params_b=744.0, active_params_b=40.0, num_layers=78, hidden_size=6144,
        intermediate_size=12288, num_heads=64, num_kv_heads=64, head_dim=256, v_head_dim=256, vocab_size=154880, max_context=context,
        num_experts=256, experts_per_token=8, moe_intermediate_size=2048, shared_intermediate_size=2048, num_moe_layers=75, kv_lora_rank=512,
        qk_rope_head_dim=64, q_lora_rank=2048, num_nextn_layers=1, source=f"{CONFIG}; {INDEXER}",
    )  # fmt: skip


#: Kimi-K2-Thinking and K2.5 are trained with 4 bit experts; the rest is in 16 bit.
_INT4: dict[str, Any] = {"quantization": "w4a16", "quantized_experts_only": True}

MLA: tuple[ModelFacts, ...] = (
    _deepseek_v3("DeepSeek-V3", CONFIG),
    _deepseek_v3("DeepSeek-V3-0324", f"the shape of DeepSeek-V3; {PUBLISHED}"),
    _deepseek_v3("DeepSeek-V3.1", f"config.json of its NVFP4 checkpoint, {IN_AIC}; format: {PUBLISHED}"),
    _deepseek_v3("DeepSeek-V3.2", f"{CONFIG}; {INDEXER}", architecture="DeepseekV32ForCausalLM"),
    _deepseek_v3("DeepSeek-R1", CONFIG),
    _deepseek_v3("DeepSeek-R1-0528", f"the shape of DeepSeek-R1; {PUBLISHED}"),
    _kimi_k2("Kimi-K2-Instruct", CONFIG, 131072),
    _kimi_k2("Kimi-K2-Instruct-0905", f"the shape of Kimi-K2-Instruct; {PUBLISHED}"),
    _kimi_k2("Kimi-K2-Thinking", f"the shape of Kimi-K2-Instruct; {PUBLISHED}", **_INT4),
    _kimi_k2("Kimi-K2.5", CONFIG, architecture="KimiK25ForConditionalGeneration", encoder_params_b=0.4, multimodal=True, **_INT4),
    _glm5("GLM-5", 202752),
    _glm5("GLM-5.1", 202752),
    _glm5("GLM-5.2", 1048576),
    _glm5("GLM-5.3", 1048576),
    ModelFacts(
        id="deepseek-ai/DeepSeek-V2.5", architecture="DeepseekV2ForCausalLM", params_b=235.741, active_params_b=21.0, num_layers=60,
        hidden_size=5120, intermediate_size=12288, num_heads=128, num_kv_heads=128, head_dim=192, v_head_dim=128, vocab_size=102400,
        max_context=163840, num_experts=160, experts_per_token=6, moe_intermediate_size=1536, shared_intermediate_size=3072, num_moe_layers=59,
        kv_lora_rank=512, qk_rope_head_dim=64, q_lora_rank=1536, source=PUBLISHED,
    ),
    ModelFacts(
        id="deepseek-ai/DeepSeek-V2-Lite", architecture="DeepseekV2ForCausalLM", params_b=15.706, active_params_b=2.4, num_layers=27,
        hidden_size=2048, intermediate_size=10944, num_heads=16, num_kv_heads=16, head_dim=192, v_head_dim=128, vocab_size=102400,
        max_context=163840, num_experts=64, experts_per_token=6, moe_intermediate_size=1408, shared_intermediate_size=2816, num_moe_layers=26,
        kv_lora_rank=512, qk_rope_head_dim=64, aliases=("deepseek-ai/DeepSeek-V2-Lite-Chat",), source=PUBLISHED,
    ),
    ModelFacts(
        id="mistralai/Mistral-Small-4-119B-2603", architecture="Mistral3ForConditionalGeneration", params_b=119.0, active_params_b=6.0,
        num_layers=36, hidden_size=4096, intermediate_size=12288, num_heads=32, num_kv_heads=32, head_dim=128, v_head_dim=128, vocab_size=131072,
        max_context=262144, num_experts=128, experts_per_token=4, moe_intermediate_size=2048, shared_intermediate_size=2048, num_moe_layers=36,
        kv_lora_rank=256, qk_rope_head_dim=64, q_lora_rank=1024, encoder_params_b=0.4, multimodal=True,
        source=f"{TRANSFORMERS}, but for the context (model card) and the size of the vision encoder",
    ),
)  # fmt: skip
