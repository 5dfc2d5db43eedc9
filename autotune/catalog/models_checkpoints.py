"""Further checkpoints of a shape that another table has: quantized ones, and fine-tunes that people serve.

A checkpoint says what differs. `CONFIG` as source: its format was read in its own config.json (or hf_quant_config.json).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autotune.catalog.models_dense import CONFIG, DENSE, LITGPT, PUBLISHED
from autotune.catalog.models_hybrid import HYBRID
from autotune.catalog.models_mla import MLA
from autotune.catalog.models_moe import MOE

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts

_SHAPES = {model.id: model for model in (*DENSE, *MOE, *MLA, *HYBRID)}


def _of(id: str, base: str, source: str = PUBLISHED, **differs: Any) -> ModelFacts:  # noqa: A002 - the field's name
    said = source if source == CONFIG else f"the shape of {base}; what differs: {source}"
    return replace(_SHAPES[base], **{"id": id, "gated": False, "aliases": (), "source": said, **differs})


def _fp8(id: str, base: str, source: str = PUBLISHED, **differs: Any) -> ModelFacts:  # noqa: A002
    """In blocks of 128 x 128, as Qwen, DeepSeek and Zhipu publish them."""
    return _of(id, base, source, quantization="fp8_block", **differs)


def _static(id: str, base: str, source: str = PUBLISHED, **differs: Any) -> ModelFacts:  # noqa: A002
    """One scale a tensor or channel: ModelOpt, llm-compressor, FBGEMM."""
    return _of(id, base, source, quantization="fp8_static", **differs)


def _int4(id: str, base: str, source: str = PUBLISHED) -> ModelFacts:  # noqa: A002
    """4 bit weights in groups of 128 (AWQ, GPTQ, llm-compressor w4a16)."""
    return _of(id, base, source, quantization="w4a16")


def _nvfp4(id: str, base: str, source: str = CONFIG, **differs: Any) -> ModelFacts:  # noqa: A002
    return _of(id, base, source, quantization="nvfp4", **differs)


_L8, _L70, _L405, _L33 = (
    "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-70B-Instruct", "meta-llama/Llama-3.1-405B-Instruct",
    "meta-llama/Llama-3.3-70B-Instruct",
)  # fmt: skip
_DISTILL = "config.json as in litgpt's config table; not compared with the file itself"

CHECKPOINTS: tuple[ModelFacts, ...] = (
    _fp8("Qwen/Qwen3-0.6B-FP8", "Qwen/Qwen3-0.6B"),
    _fp8("Qwen/Qwen3-4B-FP8", "Qwen/Qwen3-4B"),
    _fp8("Qwen/Qwen3-8B-FP8", "Qwen/Qwen3-8B"),
    _fp8("Qwen/Qwen3-14B-FP8", "Qwen/Qwen3-14B"),
    _fp8("Qwen/Qwen3-32B-FP8", "Qwen/Qwen3-32B", CONFIG),
    _static("Qwen/Qwen3-32B-FP8-Static-PerTensor", "Qwen/Qwen3-32B", CONFIG),
    _int4("Qwen/Qwen3-8B-AWQ", "Qwen/Qwen3-8B"),
    _int4("Qwen/Qwen3-14B-AWQ", "Qwen/Qwen3-14B"),
    _int4("Qwen/Qwen3-32B-AWQ", "Qwen/Qwen3-32B"),
    _of("Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen3-4B", LITGPT, max_context=262144),
    _of("Qwen/Qwen3-4B-Thinking-2507", "Qwen/Qwen3-4B", LITGPT, max_context=262144),
    _fp8("Qwen/Qwen3-30B-A3B-FP8", "Qwen/Qwen3-30B-A3B", CONFIG),
    _int4("Qwen/Qwen3-30B-A3B-GPTQ-Int4", "Qwen/Qwen3-30B-A3B"),
    _fp8("Qwen/Qwen3-30B-A3B-Instruct-2507-FP8", "Qwen/Qwen3-30B-A3B-Instruct-2507"),
    _fp8("Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8", "Qwen/Qwen3-Coder-30B-A3B-Instruct"),
    _fp8("Qwen/Qwen3-235B-A22B-FP8", "Qwen/Qwen3-235B-A22B", CONFIG),
    _int4("Qwen/Qwen3-235B-A22B-GPTQ-Int4", "Qwen/Qwen3-235B-A22B"),
    _fp8("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "Qwen/Qwen3-235B-A22B-Instruct-2507"),
    _nvfp4("nvidia/Qwen3-235B-A22B-NVFP4", "Qwen/Qwen3-235B-A22B"),
    _fp8("Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8", "Qwen/Qwen3-Coder-480B-A35B-Instruct"),
    _fp8("Qwen/Qwen3-Next-80B-A3B-Instruct-FP8", "Qwen/Qwen3-Next-80B-A3B-Instruct"),
    _nvfp4("nvidia/Qwen3.5-122B-A10B-NVFP4", "Qwen/Qwen3.5-122B-A10B", quantized_experts_only=True),
    _fp8("Qwen/Qwen3.5-397B-A17B-FP8", "Qwen/Qwen3.5-397B-A17B"),
    _nvfp4("nvidia/Qwen3.5-397B-A17B-NVFP4", "Qwen/Qwen3.5-397B-A17B", quantized_experts_only=True),
    _int4("Qwen/Qwen2.5-7B-Instruct-AWQ", "Qwen/Qwen2.5-7B-Instruct"),
    _int4("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", "Qwen/Qwen2.5-7B-Instruct"),
    _int4("Qwen/Qwen2.5-32B-Instruct-AWQ", "Qwen/Qwen2.5-32B-Instruct"),
    _int4("Qwen/Qwen2.5-72B-Instruct-AWQ", "Qwen/Qwen2.5-72B-Instruct"),
    _int4("Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4", "Qwen/Qwen2.5-72B-Instruct"),
    _of("Qwen/Qwen2.5-Coder-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct", LITGPT),
    _of("Qwen/Qwen2.5-Coder-32B-Instruct", "Qwen/Qwen2.5-32B-Instruct", LITGPT),
    _of("Qwen/QwQ-32B", "Qwen/Qwen2.5-32B-Instruct", LITGPT, max_context=131072),
    _of("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "Qwen/Qwen2.5-7B-Instruct", max_context=131072),
    _of("deepseek-ai/DeepSeek-R1-Distill-Qwen-14B", "Qwen/Qwen2.5-14B-Instruct", max_context=131072),
    _of("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "Qwen/Qwen2.5-32B-Instruct", max_context=131072),
    _of("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", _L8, _DISTILL),
    _of("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", _L70, _DISTILL),
    _of("nvidia/Llama-3.1-Nemotron-70B-Instruct-HF", _L70),
    _static("nvidia/Llama-3.1-8B-Instruct-FP8", _L8),
    _static("nvidia/Llama-3.1-70B-Instruct-FP8", _L70, CONFIG),
    _static("nvidia/Llama-3.3-70B-Instruct-FP8", _L33),
    _nvfp4("nvidia/Llama-3.3-70B-Instruct-NVFP4", _L33, PUBLISHED),
    _static("RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8", _L8),
    _static("RedHatAI/Meta-Llama-3.1-70B-Instruct-FP8", _L70),
    _static("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", _L33),
    _int4("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", _L8),
    _int4("RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16", _L33),
    _of("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", _L8, quantization="w8a8"),
    _int4("hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4", _L8),
    _int4("hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", _L70),
    _int4("hugging-quants/Meta-Llama-3.1-405B-Instruct-AWQ-INT4", _L405),
    _static("meta-llama/Llama-3.1-405B-Instruct-FP8", _L405, gated=True),
    _static("meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8", "meta-llama/Llama-4-Maverick-17B-128E-Instruct", gated=True, quantized_experts_only=True),
    _static("RedHatAI/Mistral-Small-24B-Instruct-2501-FP8-dynamic", "mistralai/Mistral-Small-24B-Instruct-2501"),
    _nvfp4("nvidia/DeepSeek-R1-0528-NVFP4-v2", "deepseek-ai/DeepSeek-R1-0528", PUBLISHED, aliases=("nvidia/DeepSeek-R1-0528-FP4-V2",)),
    _nvfp4("nvidia/DeepSeek-V3.1-NVFP4", "deepseek-ai/DeepSeek-V3.1"),
    _nvfp4("nvidia/DeepSeek-V3.2-NVFP4", "deepseek-ai/DeepSeek-V3.2", quantized_experts_only=True),
    _nvfp4("nvidia/Kimi-K2.5-NVFP4", "moonshotai/Kimi-K2.5"),
    _nvfp4("nvidia/Kimi-K2.6-NVFP4", "moonshotai/Kimi-K2.5"),
    _fp8("zai-org/GLM-4.5-Air-FP8", "zai-org/GLM-4.5-Air"),
    _fp8("zai-org/GLM-4.5-FP8", "zai-org/GLM-4.5"),
    _fp8("zai-org/GLM-4.6-FP8", "zai-org/GLM-4.6"),
    _fp8("zai-org/GLM-5-FP8", "zai-org/GLM-5", CONFIG),
    _fp8("zai-org/GLM-5.1-FP8", "zai-org/GLM-5.1", CONFIG),
    _fp8("zai-org/GLM-5.2-FP8", "zai-org/GLM-5.2", CONFIG),
    _fp8("zai-org/GLM-5.3-FP8", "zai-org/GLM-5.3", CONFIG),
    _nvfp4("nvidia/GLM-5-NVFP4", "zai-org/GLM-5", quantized_experts_only=True),
    _nvfp4("nvidia/GLM-5.1-NVFP4", "zai-org/GLM-5.1", quantized_experts_only=True),
    _nvfp4("nvidia/MiniMax-M2.5-NVFP4", "MiniMaxAI/MiniMax-M2.5", quantized_experts_only=True),
    _nvfp4("nvidia/MiniMax-M2.7-NVFP4", "MiniMaxAI/MiniMax-M2.7", max_context=196608, quantized_experts_only=True),
    _nvfp4("nvidia/Gemma-4-26B-A4B-NVFP4", "google/gemma-4-26B-A4B-it", quantized_experts_only=True),
    _nvfp4("nvidia/Gemma-4-31B-IT-NVFP4", "google/gemma-4-31B-it"),
    _fp8("stepfun-ai/Step-3.7-Flash-FP8", "stepfun-ai/Step-3.7-Flash", CONFIG),
    _nvfp4("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"),
    _static("nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-FP8", "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-BF16", CONFIG),
    _nvfp4("nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-NVFP4", "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-BF16"),
    _static("nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-FP8", "nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16", CONFIG),
    _nvfp4("nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-NVFP4", "nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16"),
)  # fmt: skip
