"""How vLLM spells values whose meaning depends on the model, the device or another setting."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from autotune.catalog.memory import vllm_utilization

if TYPE_CHECKING:
    from autotune.engines.flag import Lowering

GB = 1e9
GIB = 2**30

#: Tokens in a KV cache block where --block-size is unset: 16; 64 for FlashMLA (vllm/v1/attention/backends).
BLOCK_TOKENS = 16
BLOCK_TOKENS_MLA = 64

#: Engine-neutral kernel names -> names in vLLM's enum, the first one that the version has; (dense models, MLA models).
ATTENTION: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "flash_attn": (("FLASH_ATTN",), ("FLASH_ATTN_MLA",)),
    "flashinfer": (("FLASHINFER",), ("FLASHINFER_MLA",)),
    "triton": (("TRITON_ATTN", "TRITON_ATTN_VLLM_V1"), ("TRITON_MLA",)),
    "flex_attention": (("FLEX_ATTENTION",), ("FLEX_ATTENTION",)),
    "torch_native": (("TORCH_SDPA",), ("TORCH_SDPA",)),
    "torch_sdpa": (("TORCH_SDPA",), ("TORCH_SDPA",)),
    "sdpa": (("TORCH_SDPA",), ("TORCH_SDPA",)),
    "aiter": (("ROCM_AITER_FA",), ("ROCM_AITER_MLA",)),
    "trtllm_mha": (("FLASHINFER",), ("FLASHINFER_MLA",)),
    "trtllm_mla": (("FLASHINFER_MLA",), ("FLASHINFER_MLA",)),
}
#: FlashAttention by generation.
FLASH_ATTENTION = {"fa2": 2, "fa3": 3, "fa4": 4}

#: Formats that vLLM makes of a 16 bit checkpoint while loading; those that live in checkpoints take no flag.
ONLINE_FORMATS: dict[str, str | None] = {
    "fp8": "fp8",
    "fp8_block": "fp8_per_block",
    "mxfp8": "mxfp8",
    "int8_wo": "int8_per_channel_weight_only",
    "int4_wo": "bitsandbytes",
    "nvfp4": "nvfp4_per_token",
    **dict.fromkeys(("auto", "bf16", "fp16", "fp8_static", "mxfp4", "w4a16", "w4a8", "w8a8"), None),
}


def online_format(name: Any, at: Lowering) -> str | None:
    """`--quantization`; nothing for a checkpoint that is quantized already, which is loaded in its own format."""
    return None if at.facts.model.is_quantized or name in (None, "auto") else str(name)


def weight_dtype(mode: Any, at: Lowering) -> str | None:
    """`--dtype` for gemm_mode bf16 and fp16, where misc.dtype does not say it and the checkpoint is in 16 bit."""
    if at.config.misc.dtype is not None or at.facts.model.is_quantized:
        return None
    return {"bf16": "bfloat16", "fp16": "float16"}.get(mode)


def kv_cache_dtype(mode: Any, at: Lowering) -> str | None:
    """`--kv-cache-dtype`.

    16 bit is asked for as `auto` (the model's own type) where that means the same: older versions and some kernels know
    only that word. It does not for MLA models, some of which default to FP8, nor for checkpoints with scales of their own.
    """
    if mode == "auto":
        return None
    if mode not in ("bf16", "fp16"):
        return "int8_per_token_head" if mode == "int8" else str(mode)
    wanted = "bfloat16" if mode == "bf16" else "float16"
    model = at.facts.model
    own = {"auto": model.dtype, None: model.dtype, "half": "float16"}.get(at.config.misc.dtype, at.config.misc.dtype)
    plain = not model.is_mla and not model.is_quantized
    return "auto" if own == wanted and (plain or wanted not in at.known.flags["--kv-cache-dtype"].takes) else wanted


def gpu_memory_utilization(_: Any, at: Lowering) -> float | None:
    """`--gpu-memory-utilization` that leaves the KV cache which the neutral fraction asks for."""
    return vllm_utilization(at.config, at.facts)


def kv_blocks(tokens: Any, at: Lowering) -> int | None:
    """`--num-gpu-blocks-override`: blocks that hold so many tokens; with decode context parallelism a block spans its ranks.

    On a CPU the size is given in GiB, by VLLM_CPU_KVCACHE_SPACE.
    """
    if at.facts.gpu.vendor == "cpu":
        return None
    default = BLOCK_TOKENS_MLA if at.facts.model.is_mla else BLOCK_TOKENS
    size = (at.config.memory.page_size or default) * (at.config.parallel.dcp or 1)
    blocks: int = ceil(tokens / size)
    return blocks


def to_gib(gigabytes: Any, _: Lowering) -> float | None:
    """GB as the config has them in the GiB that vLLM counts in; 0 is what the engine does anyway."""
    return round(gigabytes * GB / GIB, 3) or None


def prefill_chunk(tokens: Any, at: Lowering) -> int | None:
    """`--long-prefill-token-threshold`, the most that one request's prefill takes of a step.

    Nothing where the chunk is no smaller than the step or the context: it would change nothing, or be refused.
    """
    limits = (at.config.scheduling.max_batched_tokens, at.config.misc.context_length, at.facts.model.max_context)
    return None if any(limit is not None and tokens >= limit for limit in limits) else int(tokens)


def attention_backend(name: Any, at: Lowering) -> str | None:
    """Upper case name in vLLM's enum."""
    neutral = "flash_attn" if name in FLASH_ATTENTION else str(name).lower().replace("-", "_")
    if neutral == "auto":
        return None
    known = (
        at.known.flags["--attention-backend"].takes
        if "--attention-backend" in at.known.flags
        else at.known.env["VLLM_ATTENTION_BACKEND"]
    )
    names = ATTENTION.get(neutral, ((neutral.upper(),), (neutral.upper(),)))[at.facts.model.is_mla]
    if at.facts.gpu.vendor == "cpu" and names == ("TORCH_SDPA",):
        names = ("CPU_ATTN", "TORCH_SDPA")
    return next((item for item in names if item in known), names[0])


def flash_attention_version(name: Any, _: Lowering) -> int | None:
    """The generation of FlashAttention that fa2, fa3 and fa4 name."""
    return FLASH_ATTENTION.get(name)


def mla_prefill_backend(name: Any, at: Lowering) -> str | None:
    """Prefill kernels of an MLA model, upper case."""
    neutral = str(name).lower().replace("-", "_")
    if neutral == "auto" or not at.facts.model.is_mla:
        return None
    return "FLASH_ATTN" if neutral in FLASH_ATTENTION else neutral.upper()


def moe_backend(name: Any, _: Lowering) -> str:
    """Expert kernels, lower case with underscores."""
    return str(name).lower().replace("-", "_")


def expert_parallel(size: Any, at: Lowering) -> bool | None:
    """`--enable-expert-parallel`: on or off, and refused for a model without experts."""
    return True if size > 1 and at.facts.model.is_moe else None


def eager(graphs: Any, at: Lowering) -> bool | None:
    """False where CUDA graphs are off and torch.compile is not asked for: vLLM's eager mode drops both."""
    return False if graphs is False and not at.config.misc.torch_compile else None


def no_graphs(graphs: Any, at: Lowering) -> str | None:
    """CUDA graphs off with torch.compile on."""
    return "NONE" if graphs is False and at.config.misc.torch_compile else None


def graph_sizes(sizes: Any, at: Lowering) -> Any:
    """Batch sizes to capture; nothing where nothing is captured."""
    return None if at.config.misc.cuda_graphs is False else sizes


def nextn(tokens: Any, at: Lowering) -> int | None:
    """Tokens that the model's own layers propose; misc.speculative says it all where it is set."""
    return None if not tokens or at.config.misc.speculative is not None else int(tokens)


def nextn_method(method: str) -> Any:
    """The method's name for runtime.nextn, in versions that call it so."""

    def convert(tokens: Any, at: Lowering) -> str | None:
        return None if nextn(tokens, at) is None else method

    return convert
