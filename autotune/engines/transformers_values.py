"""How transformers spells values whose meaning depends on the model, the device or another setting."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from autotune.catalog.memory import transformers_kv_fraction

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.engines.flag import Lowering
    from autotune.schema import Config

#: Tokens in a KV cache block where --cb-block-size is unset (ContinuousBatchingConfig in generation/configuration_utils.py, 5.4 and later).
BLOCK_TOKENS = 256

#: Engine-neutral kernel names -> names of transformers.
ATTENTION = {
    "flash_attn": "flash_attention_2",
    "fa2": "flash_attention_2",
    "fa3": "flash_attention_3",
    "fa4": "flash_attention_4",
    "torch_sdpa": "sdpa",
    "torch_native": "sdpa",
}
#: Formats that bitsandbytes makes of a 16 bit checkpoint while loading.
ONLINE_FORMATS = {"int4_wo": "bnb-4bit", "int8_wo": "bnb-8bit"}
#: `--dtype` for the two formats that are no quantization.
WIDE_FORMATS = {"bf16": "bfloat16", "fp16": "float16"}


def model_argument(config: Config) -> str:
    """The model as the server names it: a path, or a Hub name with the revision behind an at sign."""
    model = config.model
    if model.path is not None or model.revision is None:
        return model.path or model.id
    return f"{model.id}@{model.revision}"


def served_formats(config: Config, facts: Facts) -> Config:
    """The config with the number formats that are served: without those that transformers cannot make."""
    mode, kv = config.quantization.gemm_mode, config.quantization.kvcache_mode
    made = mode in (None, "auto", *ONLINE_FORMATS, *WIDE_FORMATS) or facts.model.is_quantized
    kept = kv in (None, "auto") or WIDE_FORMATS.get(kv or "") == own_dtype(config, facts)
    if made and kept:
        return config
    dropped = {**({} if made else {"gemm_mode": None}), **({} if kept else {"kvcache_mode": None})}
    return config.model_copy(update={"quantization": config.quantization.model_copy(update=dropped)})


def own_dtype(config: Config, facts: Facts) -> str:
    """Type of unquantized weights, which is that of the KV cache too."""
    given = config.misc.dtype
    return facts.model.dtype if given in (None, "auto") else {"half": "float16"}.get(given, given)


def online_format(mode: Any, at: Lowering) -> str | None:
    """`--quantization`; nothing for a checkpoint that is quantized already, nor for what transformers does not make."""
    return None if at.facts.model.is_quantized else ONLINE_FORMATS.get(mode)


def weight_dtype(mode: Any, at: Lowering) -> str | None:
    """`--dtype` for gemm_mode bf16 and fp16, where misc.dtype does not say it and the checkpoint is in 16 bit."""
    if at.config.misc.dtype is not None or at.facts.model.is_quantized:
        return None
    return WIDE_FORMATS.get(mode)


def attention_implementation(name: Any, _: Lowering) -> str | None:
    """Lower case name of transformers."""
    neutral = str(name).lower().replace("-", "_")
    return None if neutral == "auto" else ATTENTION.get(neutral, neutral)


def kv_blocks(tokens: Any, at: Lowering) -> int:
    """`--cb-num-blocks`: blocks that hold so many tokens."""
    blocks: int = ceil(tokens / (at.config.memory.page_size or BLOCK_TOKENS))
    return blocks


def max_memory_percent(_: Any, at: Lowering) -> float | None:
    """`--cb-max-memory-percent`, a fraction despite its name, of the memory that is free after the weights."""
    return transformers_kv_fraction(served_formats(at.config, at.facts), at.facts)
