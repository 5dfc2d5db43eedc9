"""How TensorRT-LLM spells values whose meaning depends on the model, the device or another setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.catalog.memory import trtllm_free_fraction

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.engines.flag import Lowering
    from autotune.schema import Config

GB = 1e9

#: Engine-neutral kernel names -> TensorRT-LLM's. An unknown name is not refused there: it silently means TRTLLM.
ATTENTION = {
    "flash_attn": "TRTLLM",
    "trtllm_mha": "TRTLLM",
    "trtllm_mla": "TRTLLM",
    "torch_native": "VANILLA",
    "torch_sdpa": "VANILLA",
    "sdpa": "VANILLA",
}
#: `--dtype` of others -> `dtype`; torch's short names are not known to it.
DTYPES = {"half": "float16", "float": "float32"}
#: 16 bit formats of weights and KV cache, by type.
WIDE_FORMATS = {"bf16": "bfloat16", "fp16": "float16"}
#: KV cache formats: one FP8, e4m3, under one name.
KV_CACHE = {"fp8_e4m3": "fp8"}
#: Who proposes the tokens; its own EAGLE kernels are those of EAGLE-3, under the older name before 1.3.
DRAFTS = {"ngram": "NGram", "draft_model": "DraftTarget", "mtp": "MTP"}
#: Methods that its PyTorch backend does not have.
NO_DRAFTS = frozenset({"eagle", "suffix"})


def served_formats(config: Config, facts: Facts) -> Config:
    """The config with the number formats that are served: weights as in the checkpoint, KV cache in the model's type or FP8, NVFP4."""
    mode, kv = config.quantization.gemm_mode, config.quantization.kvcache_mode
    made = mode in (None, "auto", *WIDE_FORMATS) or facts.model.is_quantized
    kept = kv not in WIDE_FORMATS or WIDE_FORMATS[kv or ""] == own_dtype(config, facts)
    if made and kept:
        return config
    dropped = {**({} if made else {"gemm_mode": None}), **({} if kept else {"kvcache_mode": None})}
    return config.model_copy(update={"quantization": config.quantization.model_copy(update=dropped)})


def own_dtype(config: Config, facts: Facts) -> str:
    """Type of unquantized weights, which is that of the KV cache where nothing else is said."""
    given = config.misc.dtype
    if given in (None, "auto"):
        return WIDE_FORMATS.get(config.quantization.gemm_mode or "", facts.model.dtype)
    return DTYPES.get(given, given)


def weight_dtype(mode: Any, at: Lowering) -> str | None:
    """`dtype` for gemm_mode bf16 and fp16, where misc.dtype does not say it and the checkpoint is in 16 bit."""
    if at.config.misc.dtype is not None or at.facts.model.is_quantized:
        return None
    return WIDE_FORMATS.get(mode)


def kv_cache_dtype(mode: Any, _: Lowering) -> str | None:
    """`kv_cache_config.dtype`; 16 bit is what `auto` means, and has no name of its own."""
    return None if mode in ("auto", *WIDE_FORMATS) else KV_CACHE.get(mode, mode)


def free_fraction(_: Any, at: Lowering) -> float | None:
    """`kv_cache_config.free_gpu_memory_fraction`, of what is free after weights and activations."""
    return trtllm_free_fraction(served_formats(at.config, at.facts), at.facts)


def to_bytes(gigabytes: Any, _: Lowering) -> int | None:
    """GB in bytes; nothing for 0, which is what the engine does anyway."""
    return round(gigabytes * GB) or None


def expert_ranks(size: Any, at: Lowering) -> int | None:
    """Ranks over which experts are spread whole; nothing for a model without experts."""
    return int(size) if at.facts.model.is_moe else None


def capacity_policy(conservativeness: Any, _: Lowering) -> str:
    """MAX_UTILIZATION admits requests before their whole output has room, and pauses them when it runs out."""
    return "MAX_UTILIZATION" if conservativeness < 1 else "GUARANTEED_NO_EVICT"


def switched_off(on: Any, _: Lowering) -> bool:
    """For a setting that is named by what it switches off."""
    return not on


def attention_backend(name: Any, _: Lowering) -> str | None:
    """Upper case name of the attention kernels."""
    neutral = str(name).lower().replace("-", "_")
    return None if neutral == "auto" else ATTENTION.get(neutral, neutral.upper())


def moe_backend(name: Any, _: Lowering) -> str:
    """Upper case name of the expert kernels, in one word."""
    return str(name).upper().replace("-", "").replace("_", "")


def parser(name: Any, _: Lowering) -> str:
    """Reasoning parsers are written with dashes."""
    return str(name).replace("_", "-")


def compile_config(on: Any, _: Lowering) -> dict[str, Any] | None:
    """torch.compile is on where its config is there, with defaults for all that it holds."""
    return {} if on else None


def graph_sizes(sizes: Any, at: Lowering) -> Any:
    """Batch sizes to capture, in order; nothing where nothing is captured."""
    return None if at.config.misc.cuda_graphs is False else tuple(sorted(set(sizes)))


def padded(_: Any, at: Lowering) -> bool | None:
    """Batches between the captured sizes are padded to the next, as other engines do; the default is to run them without."""
    return None if at.config.misc.cuda_graphs is False else True


def draft_type(eagle3: str) -> Any:
    """`decoding_type`, with the version's name for EAGLE-3."""

    def convert(method: Any, _: Lowering) -> str:
        return eagle3 if method == "eagle3" else DRAFTS.get(method, method)

    return convert


def draft_length(tokens: Any, at: Lowering) -> int | None:
    """`max_draft_len`, for every method but the model's own layers."""
    speculative = at.config.misc.speculative
    return None if speculative is None or speculative.method == "mtp" else int(tokens)


def draft_layers(tokens: Any, at: Lowering) -> int | None:
    """`num_nextn_predict_layers`, what the model's own layers propose."""
    speculative = at.config.misc.speculative
    return int(tokens) if speculative is not None and speculative.method == "mtp" else None


def ngram_size(method: Any, at: Lowering) -> int | None:
    """`max_matching_ngram_size`, which must be given: as AutoDecodingConfig chooses it, 3 for small batches, else 5."""
    if method != "ngram":
        return None
    running = at.config.scheduling.max_running_requests
    return 3 if running is not None and running <= 4 else 5


def nextn(tokens: Any, at: Lowering) -> int | None:
    """Tokens that the model's own layers propose; misc.speculative says it all where it is set."""
    return None if not tokens or at.config.misc.speculative is not None else int(tokens)


def nextn_type(tokens: Any, at: Lowering) -> str | None:
    """`decoding_type` for runtime.nextn."""
    return None if nextn(tokens, at) is None else "MTP"


def api_name(config: Config) -> str:
    """The name that the server gives the model where it cannot be told: the last part of a folder's path, else the Hub name."""
    path = config.model.path
    return config.model.id if path is None else path.rstrip("/").rpartition("/")[2] or path
