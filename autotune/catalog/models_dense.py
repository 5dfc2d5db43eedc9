"""Dense models. Shapes as in each model's config.json; `params_b` as published (model card, safetensors index)."""

from __future__ import annotations

from typing import Any

from autotune.catalog.facts import ModelFacts

#: What an entry was compared with.
IN_AIC = "as shipped in aiconfigurator-core 0.12.0 (model_configs)"
CONFIG = "its config.json, as shipped in aiconfigurator-core 0.12.0 (model_configs)"
BASE_CONFIG = "config.json of its base model, as shipped in aiconfigurator-core 0.12.0 (model_configs)"
LITGPT = "its config.json, as transcribed in litgpt's config table; not compared with the file itself"
#: Gemma 4 keeps 2 or 4 wider KV heads in its global layers, without values of their own; one width describes all layers here.
WIDE_KV = "its global layers keep half of the KV cache that is counted here"
TRANSFORMERS = "defaults of its configuration class in transformers 5.23, which are this model's; not compared with its config.json"
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


def _mistral(name: str, params_b: float, layers: int, hidden: int, mlp: int, heads: int, vocab: int, context: int, source: str,  # noqa: PLR0917 - a row of a table
             **more: Any) -> ModelFacts:  # fmt: skip
    architecture = more.pop("architecture", "MistralForCausalLM")
    return dense(
        f"mistralai/{name}", architecture, params_b, num_layers=layers, hidden_size=hidden, intermediate_size=mlp, num_heads=heads,
        num_kv_heads=8, head_dim=128, vocab_size=vocab, max_context=context, source=source, **more,
    )  # fmt: skip


def _gemma2(  # noqa: PLR0917 - a row of a table
    size: str, params_b: float, layers: int, hidden: int, mlp: int, heads: int, kv: int, head_dim: int
) -> ModelFacts:
    # Every other layer sees the last 4096 tokens only.
    return dense(
        f"google/gemma-2-{size}-it", "Gemma2ForCausalLM", params_b, num_layers=layers, hidden_size=hidden, intermediate_size=mlp,
        num_heads=heads, num_kv_heads=kv, head_dim=head_dim, vocab_size=256000, max_context=8192, tie_embeddings=True, sliding_window=4096,
        num_sliding_layers=layers // 2, gated=True, source=LITGPT,
    )  # fmt: skip


def _olmo(name: str, architecture: str, params_b: float, layers: int, hidden: int, mlp: int, heads: int, kv: int, context: int,  # noqa: PLR0917 - a row of a table
          source: str, **more: Any) -> ModelFacts:  # fmt: skip
    return dense(
        f"allenai/{name}", architecture, params_b, num_layers=layers, hidden_size=hidden, intermediate_size=mlp, num_heads=heads,
        num_kv_heads=kv, head_dim=128, vocab_size=100352, max_context=context, source=source, **more,
    )  # fmt: skip


def _command(name: str, architecture: str, params_b: float, layers: int, hidden: int, mlp: int, heads: int, kv: int, context: int,  # noqa: PLR0917 - a row of a table
             source: str, **more: Any) -> ModelFacts:  # fmt: skip
    return dense(
        f"CohereLabs/{name}", architecture, params_b, num_layers=layers, hidden_size=hidden, intermediate_size=mlp, num_heads=heads,
        num_kv_heads=kv, head_dim=128, vocab_size=256000, max_context=context, tie_embeddings=True, gated=True, source=source, **more,
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


DENSE: tuple[ModelFacts, ...] = (
    _qwen3("0.6B", 0.596, 28, 1024, 3072, 16, tied=True, source=CONFIG),
    _qwen3("1.7B", 1.721, 28, 2048, 6144, 16, tied=True, source=CONFIG),
    _qwen3("4B", 4.022, 36, 2560, 9728, 32, tied=True, source=LITGPT),
    _qwen3("8B", 8.191, 36, 4096, 12288, 32, tied=False, source=CONFIG),
    _qwen3("14B", 14.768, 40, 5120, 17408, 40, tied=False, source=LITGPT),
    _qwen3("32B", 32.762, 64, 5120, 25600, 64, tied=False, source=CONFIG),
    _qwen25("0.5B", 0.494, 24, 896, 4864, 14, 2, 151936, tied=True),
    _qwen25("1.5B", 1.544, 28, 1536, 8960, 12, 2, 151936, tied=True),
    _qwen25("3B", 3.086, 36, 2048, 11008, 16, 2, 151936, tied=True),
    _qwen25("7B", 7.616, 28, 3584, 18944, 28, 4, 152064),
    _qwen25("14B", 14.770, 48, 5120, 13824, 40, 8, 152064),
    _qwen25("32B", 32.764, 64, 5120, 27648, 40, 8, 152064),
    _qwen25("72B", 72.706, 80, 8192, 29568, 64, 8, 152064),
    _llama("Llama-3.1-8B-Instruct", 8.030, 32, 4096, 14336, 32, aliases=("meta-llama/Meta-Llama-3.1-8B-Instruct",), source=BASE_CONFIG),
    _llama("Llama-3.1-70B-Instruct", 70.554, 80, 8192, 28672, 64, aliases=("meta-llama/Meta-Llama-3.1-70B-Instruct",), source=BASE_CONFIG),
    _llama("Llama-3.1-405B-Instruct", 405.853, 126, 16384, 53248, 128, aliases=("meta-llama/Meta-Llama-3.1-405B-Instruct",), source=BASE_CONFIG),
    _llama("Llama-3.2-1B-Instruct", 1.236, 16, 2048, 8192, 32, head_dim=64, tied=True, source=LITGPT),
    _llama("Llama-3.2-3B-Instruct", 3.213, 28, 3072, 8192, 24, tied=True, source=LITGPT),
    _llama("Llama-3.3-70B-Instruct", 70.554, 80, 8192, 28672, 64, source=LITGPT),
    _gemma3("4b", 4.300, 34, 2560, 10240, 8, 4, 256),
    _gemma3("12b", 12.187, 48, 3840, 15360, 16, 8, 256),
    _gemma3("27b", 27.432, 62, 5376, 21504, 32, 16, 128),
    dense("google/gemma-3-1b-it", "Gemma3ForCausalLM", 1.000, num_layers=26, hidden_size=1152, intermediate_size=6912, num_heads=4, num_kv_heads=1,
        head_dim=256, vocab_size=262144, max_context=32768, tie_embeddings=True, sliding_window=512, num_sliding_layers=22, gated=True, source=LITGPT),
    _gemma2("2b", 2.614, 26, 2304, 9216, 8, 4, 256),
    _gemma2("9b", 9.242, 42, 3584, 14336, 16, 8, 256),
    _gemma2("27b", 27.227, 46, 4608, 36864, 32, 16, 128),
    dense("google/gemma-4-31B-it", "Gemma4ForConditionalGeneration", 30.7, num_layers=60, hidden_size=5376, intermediate_size=21504, num_heads=32,
        num_kv_heads=16, head_dim=256, vocab_size=262144, max_context=262144, tie_embeddings=True, sliding_window=1024, num_sliding_layers=50,
        encoder_params_b=0.55, multimodal=True, source=f"config.json of its NVFP4 checkpoint {IN_AIC}; {WIDE_KV}"),
    _mistral("Mistral-7B-Instruct-v0.3", 7.248, 32, 4096, 14336, 32, 32768, 32768, LITGPT, gated=True),
    _mistral("Mistral-Nemo-Instruct-2407", 12.248, 40, 5120, 14336, 32, 131072, 131072, f"{PUBLISHED}; context as in the model card", gated=True),
    _mistral("Ministral-8B-Instruct-2410", 8.020, 36, 4096, 12288, 32, 131072, 32768, PUBLISHED, gated=True),
    _mistral("Ministral-3-8B-Instruct-2512-BF16", 8.9, 34, 4096, 14336, 32, 131072, 262144, f"{TRANSFORMERS}, with a vision encoder of 0.42e9",
        architecture="Mistral3ForConditionalGeneration", encoder_params_b=0.42, multimodal=True),
    _mistral("Mistral-Small-24B-Instruct-2501", 23.572, 40, 5120, 32768, 32, 131072, 32768, PUBLISHED),
    _mistral("Mistral-Small-3.1-24B-Instruct-2503", 24.011, 40, 5120, 32768, 32, 131072, 131072, TRANSFORMERS,
        architecture="Mistral3ForConditionalGeneration", encoder_params_b=0.44, multimodal=True),
    _mistral("Mistral-Small-3.2-24B-Instruct-2506", 24.011, 40, 5120, 32768, 32, 131072, 131072, f"the shape of 3.1; {PUBLISHED}",
        architecture="Mistral3ForConditionalGeneration", encoder_params_b=0.44, multimodal=True),
    _mistral("Devstral-Small-2507", 23.572, 40, 5120, 32768, 32, 131072, 131072, f"the shape of Mistral-Small-3.1 without its encoder; {PUBLISHED}"),
    _mistral("Mistral-Large-Instruct-2411", 122.610, 88, 12288, 28672, 96, 32768, 131072, f"{LITGPT}; context as in the model card", gated=True),
    dense("microsoft/phi-4", "Phi3ForCausalLM", 14.660, num_layers=40, hidden_size=5120, intermediate_size=17920, num_heads=40, num_kv_heads=10,
        head_dim=128, vocab_size=100352, max_context=16384, source=LITGPT),
    dense("microsoft/Phi-3-mini-4k-instruct", "Phi3ForCausalLM", 3.821, num_layers=32, hidden_size=3072, intermediate_size=8192, num_heads=32,
        num_kv_heads=32, head_dim=96, vocab_size=32064, max_context=4096, sliding_window=2047, num_sliding_layers=32,
        source=f"{LITGPT}; the window is 2047 in config.json as remembered"),
    dense("microsoft/Phi-3.5-mini-instruct", "Phi3ForCausalLM", 3.821, num_layers=32, hidden_size=3072, intermediate_size=8192, num_heads=32,
        num_kv_heads=32, head_dim=96, vocab_size=32064, max_context=131072, source=f"{LITGPT}; context as in the model card"),
    dense("microsoft/Phi-4-mini-instruct", "Phi3ForCausalLM", 3.836, num_layers=32, hidden_size=3072, intermediate_size=8192, num_heads=24,
        num_kv_heads=8, head_dim=128, vocab_size=200064, max_context=131072, tie_embeddings=True, source=LITGPT),
    _olmo("OLMo-2-1124-7B-Instruct", "Olmo2ForCausalLM", 7.299, 32, 4096, 11008, 32, 32, 4096, LITGPT),
    _olmo("OLMo-2-1124-13B-Instruct", "Olmo2ForCausalLM", 13.716, 40, 5120, 13824, 40, 40, 4096, LITGPT),
    _olmo("Olmo-3-7B-Instruct", "Olmo3ForCausalLM", 7.299, 32, 4096, 11008, 32, 32, 65536, f"{TRANSFORMERS}, but for vocabulary and context: {PUBLISHED}",
        sliding_window=4096, num_sliding_layers=24),
    _olmo("Olmo-3-32B-Think", "Olmo3ForCausalLM", 32.234, 64, 5120, 27648, 40, 8, 65536, PUBLISHED, sliding_window=4096, num_sliding_layers=48),
    _command("c4ai-command-r-v01", "CohereForCausalLM", 34.981, 40, 8192, 22528, 64, 64, 131072, f"{TRANSFORMERS}, but for the context: model card"),
    _command("c4ai-command-r-08-2024", "CohereForCausalLM", 32.296, 40, 8192, 24576, 64, 8, 131072, PUBLISHED),
    _command("c4ai-command-r-plus-08-2024", "CohereForCausalLM", 103.811, 64, 12288, 33792, 96, 8, 131072, PUBLISHED),
    _command("c4ai-command-r7b-12-2024", "Cohere2ForCausalLM", 8.028, 32, 4096, 14336, 32, 8, 132096, PUBLISHED, sliding_window=4096, num_sliding_layers=24),
    _command("c4ai-command-a-03-2025", "Cohere2ForCausalLM", 111.057, 64, 12288, 36864, 96, 8, 131072, PUBLISHED, sliding_window=4096, num_sliding_layers=48),
    dense("HuggingFaceTB/SmolLM3-3B", "SmolLM3ForCausalLM", 3.075, num_layers=36, hidden_size=2048, intermediate_size=11008, num_heads=16,
        num_kv_heads=4, head_dim=128, vocab_size=128256, max_context=65536, tie_embeddings=True, source=f"{TRANSFORMERS}, but for the context: model card"),
    dense("ibm-granite/granite-3.3-8b-instruct", "GraniteForCausalLM", 8.171, num_layers=40, hidden_size=4096, intermediate_size=12800, num_heads=32,
        num_kv_heads=8, head_dim=128, vocab_size=49159, max_context=131072, tie_embeddings=True, source=PUBLISHED),
    dense("zai-org/GLM-4-9B-0414", "Glm4ForCausalLM", 9.400, num_layers=40, hidden_size=4096, intermediate_size=13696, num_heads=32, num_kv_heads=2,
        head_dim=128, vocab_size=151552, max_context=32768, source=f"{TRANSFORMERS}, but for the context: model card"),
    dense("zai-org/GLM-4-32B-0414", "Glm4ForCausalLM", 32.566, num_layers=61, hidden_size=6144, intermediate_size=23040, num_heads=48, num_kv_heads=2,
        head_dim=128, vocab_size=151552, max_context=32768, source=PUBLISHED),
    dense("ByteDance-Seed/Seed-OSS-36B-Instruct", "SeedOssForCausalLM", 36.151, num_layers=64, hidden_size=5120, intermediate_size=27648, num_heads=80,
        num_kv_heads=8, head_dim=128, vocab_size=155136, max_context=524288, source=f"{TRANSFORMERS}, but for hidden_size: {PUBLISHED}"),
    dense("tiiuae/Falcon3-7B-Instruct", "LlamaForCausalLM", 7.456, num_layers=28, hidden_size=3072, intermediate_size=23040, num_heads=12,
        num_kv_heads=4, head_dim=256, vocab_size=131072, max_context=32768, source=LITGPT),
    dense("XiaomiMiMo/MiMo-7B-Base", "MiMoForCausalLM", 7.622, num_layers=36, hidden_size=4096, intermediate_size=11008, num_heads=32, num_kv_heads=8,
        head_dim=128, vocab_size=151680, max_context=32768, num_nextn_layers=1, source=CONFIG),
)  # fmt: skip
