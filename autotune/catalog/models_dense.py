"""Dense models. Shapes as in each model's config.json; `params_b` as published (model card, safetensors index)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autotune.catalog.facts import ModelFacts

#: What an entry was compared with.
CONFIG = "its config.json, as shipped in aiconfigurator-core 0.12.0 (model_configs)"
BASE_CONFIG = "config.json of its base model, as shipped in aiconfigurator-core 0.12.0 (model_configs)"
LITGPT = "its config.json, as transcribed in litgpt's config table; not compared with the file itself"
PUBLISHED = "the publisher's config.json as remembered, not compared with the file; the shape counts up to the published parameters"


def dense(id: str, architecture: str, params_b: float, **shape: Any) -> ModelFacts:  # noqa: A002 - the field's name
    return ModelFacts(id=id, architecture=architecture, params_b=params_b, active_params_b=params_b, **shape)


def _qwen3(  # noqa: PLR0917 - a row of a table
    size: str, params_b: float, layers: int, hidden: int, mlp: int, heads: int, *, tied: bool, source: str
) -> ModelFacts:
    return dense(
        f"Qwen/Qwen3-{size}", "Qwen3ForCausalLM", params_b, num_layers=layers, hidden_size=hidden, intermediate_size=mlp, num_heads=heads,
        num_kv_heads=8, head_dim=128, vocab_size=151936, max_context=40960, tie_embeddings=tied, source=source,
    )  # fmt: skip


def _qwen25(  # noqa: PLR0917 - a row of a table
    size: str,
    params_b: float,
    layers: int,
    hidden: int,
    mlp: int,
    heads: int,
    kv: int,
    vocab: int,
    *,
    tied: bool = False,
) -> ModelFacts:
    return dense(
        f"Qwen/Qwen2.5-{size}-Instruct", "Qwen2ForCausalLM", params_b, num_layers=layers, hidden_size=hidden, intermediate_size=mlp,
        num_heads=heads, num_kv_heads=kv, head_dim=hidden // heads, vocab_size=vocab, max_context=32768, tie_embeddings=tied,
        source=f"{LITGPT}; the context is the Instruct checkpoint's, as remembered",
    )  # fmt: skip


def _llama(name: str, params_b: float, layers: int, hidden: int, mlp: int, heads: int, *, head_dim: int = 128, tied: bool = False,  # noqa: PLR0917 - a row of a table
           aliases: tuple[str, ...] = (), source: str) -> ModelFacts:  # fmt: skip
    return dense(
        f"meta-llama/{name}", "LlamaForCausalLM", params_b, num_layers=layers, hidden_size=hidden, intermediate_size=mlp, num_heads=heads,
        num_kv_heads=8, head_dim=head_dim, vocab_size=128256, max_context=131072, tie_embeddings=tied, gated=True, aliases=aliases, source=source,
    )  # fmt: skip


def _gemma3(  # noqa: PLR0917 - a row of a table
    size: str, params_b: float, layers: int, hidden: int, mlp: int, heads: int, kv: int, head_dim: int
) -> ModelFacts:
    # Every sixth layer sees the whole context, the others the last 1024 tokens; the vision tower is SigLIP's 0.417e9.
    return dense(
        f"google/gemma-3-{size}-it", "Gemma3ForConditionalGeneration", params_b, num_layers=layers, hidden_size=hidden, intermediate_size=mlp,
        num_heads=heads, num_kv_heads=kv, head_dim=head_dim, vocab_size=262208, max_context=131072, tie_embeddings=True, sliding_window=1024,
        num_sliding_layers=layers - layers // 6, encoder_params_b=0.417, gated=True, multimodal=True, source=LITGPT,
    )  # fmt: skip


_QWEN3_32B = _qwen3("32B", 32.762, 64, 5120, 25600, 64, tied=False, source=CONFIG)
_LLAMA31_70B = _llama("Llama-3.1-70B-Instruct", 70.554, 80, 8192, 28672, 64, aliases=("meta-llama/Meta-Llama-3.1-70B-Instruct",), source=BASE_CONFIG)  # fmt: skip

DENSE: tuple[ModelFacts, ...] = (
    _qwen3("0.6B", 0.596, 28, 1024, 3072, 16, tied=True, source=CONFIG),
    _qwen3("1.7B", 1.721, 28, 2048, 6144, 16, tied=True, source=CONFIG),
    _qwen3("4B", 4.022, 36, 2560, 9728, 32, tied=True, source=LITGPT),
    _qwen3("8B", 8.191, 36, 4096, 12288, 32, tied=False, source=CONFIG),
    _qwen3("14B", 14.768, 40, 5120, 17408, 40, tied=False, source=LITGPT),
    _QWEN3_32B,
    replace(_QWEN3_32B, id="Qwen/Qwen3-32B-FP8", quantization="fp8_block", source=CONFIG),
    replace(_QWEN3_32B, id="Qwen/Qwen3-32B-AWQ", quantization="w4a16", source=f"the shape of Qwen/Qwen3-32B; format: {PUBLISHED}"),
    _qwen25("0.5B", 0.494, 24, 896, 4864, 14, 2, 151936, tied=True),
    _qwen25("7B", 7.616, 28, 3584, 18944, 28, 4, 152064),
    _qwen25("72B", 72.706, 80, 8192, 29568, 64, 8, 152064),
    _llama("Llama-3.1-8B-Instruct", 8.030, 32, 4096, 14336, 32, aliases=("meta-llama/Meta-Llama-3.1-8B-Instruct",), source=BASE_CONFIG),
    _LLAMA31_70B,
    _llama("Llama-3.1-405B-Instruct", 405.853, 126, 16384, 53248, 128, aliases=("meta-llama/Meta-Llama-3.1-405B-Instruct",), source=BASE_CONFIG),
    replace(_LLAMA31_70B, id="nvidia/Llama-3.1-70B-Instruct-FP8", quantization="fp8_static", gated=False, aliases=(), source=CONFIG),
    _llama("Llama-3.2-1B-Instruct", 1.236, 16, 2048, 8192, 32, head_dim=64, tied=True, source=LITGPT),
    _llama("Llama-3.2-3B-Instruct", 3.213, 28, 3072, 8192, 24, tied=True, source=LITGPT),
    _llama("Llama-3.3-70B-Instruct", 70.554, 80, 8192, 28672, 64, source=LITGPT),
    _gemma3("4b", 4.300, 34, 2560, 10240, 8, 4, 256),
    _gemma3("12b", 12.187, 48, 3840, 15360, 16, 8, 256),
    _gemma3("27b", 27.432, 62, 5376, 21504, 32, 16, 128),
    dense("mistralai/Mistral-7B-Instruct-v0.3", "MistralForCausalLM", 7.248, num_layers=32, hidden_size=4096, intermediate_size=14336, num_heads=32,
        num_kv_heads=8, head_dim=128, vocab_size=32768, max_context=32768, gated=True, source=LITGPT),
    dense("mistralai/Mistral-Small-24B-Instruct-2501", "MistralForCausalLM", 23.572, num_layers=40, hidden_size=5120, intermediate_size=32768,
        num_heads=32, num_kv_heads=8, head_dim=128, vocab_size=131072, max_context=32768, source=PUBLISHED),
    dense("microsoft/phi-4", "Phi3ForCausalLM", 14.660, num_layers=40, hidden_size=5120, intermediate_size=17920, num_heads=40, num_kv_heads=10,
        head_dim=128, vocab_size=100352, max_context=16384, source=LITGPT),
)  # fmt: skip
