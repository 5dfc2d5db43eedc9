"""A model's facts from its config.json (Hugging Face transformers), as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from autotune.catalog.checkpoint import experts_only, quantization_format
from autotune.catalog.facts import ModelFacts
from autotune.catalog.hybrid import spell_out, with_state_layers
from autotune.catalog.parameters import count_active_params, count_params
from autotune.diagnostics import InputError, diagnostic

#: Names of one thing in different families; the first that is there counts.
_KEYS: dict[str, tuple[str, ...]] = {
    "num_layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "hidden_size": ("hidden_size", "n_embd", "d_model", "dim"),
    "num_heads": ("num_attention_heads", "n_head", "n_heads"),
    "num_kv_heads": ("num_key_value_heads", "n_head_kv", "multi_query_group_num"),
    "intermediate_size": ("intermediate_size", "ffn_hidden_size", "n_inner"),
    "vocab_size": ("vocab_size", "padded_vocab_size"),
    "max_context": ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length", "model_max_length"),
    "num_experts": ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"),
    "experts_per_token": (
        "num_experts_per_tok",
        "experts_per_token",
        "num_experts_per_token",
        "top_k_experts",
        "moe_topk",
        "moe_top_k",
    ),
    "moe_intermediate_size": ("moe_intermediate_size", "expert_ffn_hidden_size"),
    "num_nextn_layers": ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules"),
}

#: What transformers assumes for a model_type whose config.json leaves it out.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "gemma3": {"tie_word_embeddings": True},
    "gemma3_text": {
        "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208, "max_position_embeddings": 131072,
        "tie_word_embeddings": True, "sliding_window_pattern": 6,
    },
    "gemma2": {"tie_word_embeddings": True, "sliding_window_pattern": 2},
    "gemma": {"tie_word_embeddings": True},
    "gpt2": {"tie_word_embeddings": True},
    "mistral": {"head_dim": None},
}  # fmt: skip

#: Layers that keep a window of the KV cache, and layers that keep a state of fixed size instead.
_SLIDING = ("sliding_attention", "chunked_attention")
_STATEFUL = ("linear_attention", "mamba", "mamba2", "conv", "recurrent")

#: Families in which `sliding_window` without a list of layers means every layer.
_ALL_SLIDING = ("mistral", "mixtral", "phi3", "starcoder2")

#: Keys of layouts whose layers differ in kind, which one set of numbers cannot describe.
_UNEVEN = ("hybrid_override_pattern", "block_configs", "layers_block_type")


class _Reader:
    """Typed access to one config.json; every fault is an AT010 that names the key."""

    def __init__(self, id: str, config: Mapping[str, Any]) -> None:  # noqa: A002
        self.id = id
        if not isinstance(config, Mapping):
            self.fail("config.json does not hold an object")
        nested = config.get("text_config") or config.get("llm_config") or config
        if not isinstance(nested, Mapping):
            self.fail("`text_config` is not an object")
        nested = spell_out(nested)
        config = nested if config.get("text_config") is None and config.get("llm_config") is None else config
        self.top, self.text = config, nested
        self.family = str(nested.get("model_type") or config.get("model_type") or "")
        self.defaults = _DEFAULTS.get(self.family, {})

    def fail(self, what: str) -> NoReturn:
        raise InputError(
            diagnostic(
                "AT010",
                f"config.json of `{self.id}`: {what}",
                path="model.id",
                help="name a model that `autotune models` lists, or mend the file",
            )
        )

    def value(self, *keys: str) -> Any:
        """The first of the keys that is set, in the text part, else as the family's default, else at the top."""
        for key in keys:
            for place in (self.text, self.defaults, self.top):
                if place.get(key) is not None:
                    return place[key]
        return None

    def number(self, *keys: str, default: int | None = None, least: int = 1) -> int:
        value = self.value(*keys)
        if value is None:
            if default is None:
                self.fail(f"`{keys[0]}` is missing")
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            named = next(key for key in keys if self.value(key) is not None)
            self.fail(f"`{named}` is {value!r}; a whole number of at least {least} is needed")
        return value

    def fact(self, name: str, default: int | None = None, least: int = 1) -> int:
        return self.number(*_KEYS[name], default=default, least=least)

    def optional(self, key: str) -> int | None:
        return None if self.value(key) is None else self.number(key)

    def texts(self, key: str) -> list[str]:
        value = self.value(key)
        return [str(item) for item in value] if isinstance(value, list) else []


def facts_from_config(id: str, config: Mapping[str, Any], weights_bytes: int | None = None) -> ModelFacts:  # noqa: A002
    """Facts of one model from its config.json.

    Knows the Llama, Mistral, Mixtral, Qwen, DeepSeek, Gemma, Phi, GLM, Kimi, gpt-oss and Llama 4 layouts, and any other that uses
    their keys; a nested `text_config` is followed. Parameters are counted from the shape. `weights_bytes` is the size of
    the weight files where it is known. Raises InputError AT010 naming the key that is missing or wrong.
    """
    read = _Reader(id, config)
    for key in _UNEVEN:
        if read.value(key) is not None:
            read.fail(f"`{key}` mixes layers of several kinds, which the catalog cannot describe")
    layers, hidden = read.fact("num_layers"), read.fact("hidden_size")
    heads = read.fact("num_heads")
    kv_heads = read.fact("num_kv_heads", heads)
    architectures = read.top.get("architectures") or read.text.get("architectures") or []
    first = architectures[0] if isinstance(architectures, list) and architectures else read.family or "unknown"
    model = ModelFacts(
        id=id,
        architecture=str(first),
        params_b=0.0,
        active_params_b=0.0,
        num_layers=layers,
        hidden_size=hidden,
        intermediate_size=_mlp_width(read, hidden),
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=read.number("head_dim", default=max(1, hidden // heads)),
        vocab_size=read.fact("vocab_size"),
        max_context=_max_context(read),
        tie_embeddings=read.value("tie_word_embeddings") is True,
        num_nextn_layers=read.fact("num_nextn_layers", 0, 0),
        quantization=quantization_format(read.top, read.text),
        quantized_experts_only=read.fact("num_experts", 0, 0) > 1 and experts_only(read.top, read.text),
        weights_bytes=weights_bytes,
        dtype=str(read.value("dtype", "torch_dtype") or "bfloat16").removeprefix("torch."),
        multimodal=any(read.top.get(key) for key in ("vision_config", "audio_config")),
        source="its config.json",
        **_experts(read, layers),
        **_attention(read, layers),
        **_latent(read),
    )
    if model.is_mla:
        nope = read.number("qk_nope_head_dim", default=128)
        model = replace(model, head_dim=nope + (model.qk_rope_head_dim or 0))
    model = with_state_layers(model, read.text)
    return replace(model, params_b=count_params(model) / 1e9, active_params_b=count_active_params(model) / 1e9)


def _mlp_width(read: _Reader, hidden: int) -> int:
    """Width of the dense MLP. Llama 4 keeps it under a name of its own; models of experts only may have none."""
    if read.family == "llama4_text":
        return read.number("intermediate_size_mlp", "intermediate_size")
    has_experts = read.value(*_KEYS["num_experts"]) is not None
    default = read.fact("moe_intermediate_size", 4 * hidden) if has_experts else None
    if read.family == "gpt2":
        default = 4 * hidden
    return read.fact("intermediate_size", default)


def _max_context(read: _Reader) -> int:
    """Positions, stretched the way vLLM does: YaRN multiplies the original context, linear and dynamic scaling the given one."""
    given = read.fact("max_context")
    scaling = read.value("rope_scaling", "rope_parameters")
    if not isinstance(scaling, Mapping):
        return given
    kind = scaling.get("rope_type") or scaling.get("type")
    factor, original = scaling.get("factor"), scaling.get("original_max_position_embeddings")
    if isinstance(factor, bool) or not isinstance(factor, int | float):
        return given
    if kind == "yarn" and isinstance(original, int):
        return max(given, int(original * factor))
    if kind in ("linear", "dynamic") and not read.family.startswith("gemma3"):
        return int(given * factor)
    return given


def _experts(read: _Reader, layers: int) -> dict[str, Any]:
    count = read.fact("num_experts", 0, 0)
    if count <= 1:
        return {}
    # Mixtral, gpt-oss and MiniMax name the experts' width as if it were a dense MLP's.
    width = read.fact("moe_intermediate_size", read.fact("intermediate_size", 0, 0)) or read.fact(
        "moe_intermediate_size"
    )
    if read.family == "llama4_text":
        shared, width = read.fact("intermediate_size"), read.fact("intermediate_size")
    else:
        shared = read.number(
            "shared_expert_intermediate_size",
            "shared_intermediate_size",
            "moe_shared_expert_intermediate_size",
            default=0,
            least=0,
        )
        shared = shared or width * read.number("n_shared_experts", "num_shared_experts", default=0, least=0)
    return {
        "num_experts": count,
        "experts_per_token": read.fact("experts_per_token"),
        "moe_intermediate_size": width,
        "shared_intermediate_size": shared,
        "num_moe_layers": _moe_layers(read, layers),
    }


def _moe_layers(read: _Reader, layers: int) -> int:
    if kinds := read.texts("mlp_layer_types"):
        return sum(kind == "sparse" for kind in kinds[:layers])
    frequency = read.value("moe_layer_freq")
    if isinstance(frequency, list):
        return sum(bool(item) for item in frequency[:layers])
    step = read.number("decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq", default=1)
    dense_first = read.number("first_k_dense_replace", default=0, least=0)
    dense_only = read.value("mlp_only_layers")
    return (layers - dense_first) // step - (len(dense_only) if isinstance(dense_only, list) else 0)


def _attention(read: _Reader, layers: int) -> dict[str, Any]:
    """Which layers keep a full KV cache, which a window of it, and which none."""
    window = read.optional("sliding_window") or read.optional("attention_chunk_size")
    if kinds := read.texts("layer_types"):
        sliding = sum(kind in _SLIDING for kind in kinds) if window else 0
        full = len(kinds) - sliding - sum(kind in _STATEFUL for kind in kinds)
        return {
            "num_attention_layers": full,
            "num_sliding_layers": sliding,
            "sliding_window": window if sliding else None,
        }
    if interval := read.optional("full_attention_interval"):
        return {"num_attention_layers": layers // interval}
    if window is None or read.value("use_sliding_window") is False:
        return {}
    if read.family == "llama4_text":
        return {"sliding_window": window, "num_sliding_layers": layers - layers // 4}
    if pattern := read.value("sliding_window_pattern", "_sliding_window_pattern"):
        pattern = read.number("sliding_window_pattern", "_sliding_window_pattern")
        return {"sliding_window": window, "num_sliding_layers": layers - layers // pattern}
    if read.family.startswith("qwen"):
        return {
            "sliding_window": window,
            "num_sliding_layers": max(0, layers - read.number("max_window_layers", default=layers, least=0)),
        }
    # Anywhere else the layers that slide are not known, and a KV cache in all of them is the safe reading.
    return {"sliding_window": window, "num_sliding_layers": layers} if read.family in _ALL_SLIDING else {}


def _latent(read: _Reader) -> dict[str, Any]:
    """Ranks of MLA."""
    if read.value("kv_lora_rank") is None:
        return {}
    return {
        "kv_lora_rank": read.number("kv_lora_rank"),
        "qk_rope_head_dim": read.number("qk_rope_head_dim"),
        "q_lora_rank": read.optional("q_lora_rank"),
        "v_head_dim": read.number("v_head_dim", default=128),
    }
