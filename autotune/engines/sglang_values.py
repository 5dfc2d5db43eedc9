"""How SGLang spells values whose meaning depends on the model, the device, the version or another setting."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from autotune.catalog.memory import sglang_fraction

if TYPE_CHECKING:
    from autotune.catalog.facts import Gpu
    from autotune.engines.flag import Lowering
    from autotune.schema import Config

GB = 1e9
GIB = 2**30

#: Formats that SGLang makes of a 16 bit checkpoint while loading; those that live in checkpoints take no flag.
ONLINE_FORMATS: dict[str, str | None] = {
    "fp8": "fp8",
    "mxfp8": "mxfp8",
    "nvfp4": "nvfp4_online",
    **dict.fromkeys(("auto", "bf16", "fp16", "fp8_static", "mxfp4", "w4a16", "w4a8", "w8a8"), None),
}
#: The ones it leaves to torchao, in versions that have `--torchao-config` (srt/layers/torchao_utils.py).
TORCHAO_FORMATS: dict[str, str | None] = {"int8_wo": "int8wo", "int4_wo": "int4wo-128"}

#: Engine-neutral kernel names -> names in SGLang's list. flash_attn depends on the GPU, see `flash_attention`.
ATTENTION = {
    "sdpa": "torch_native",
    "torch_sdpa": "torch_native",
    "triton_attn": "triton",
    "triton_mla": "triton",
    "flashinfer_mla": "flashinfer",
    "rocm_aiter_fa": "aiter",
    "rocm_aiter_mla": "aiter",
}
FLASH_ATTENTION = ("flash_attn", "flash_attention", "flash_attn_mla")

#: Who proposes -> `--speculative-algorithm`. SGLang has nothing like suffix decoding.
ALGORITHMS = {
    "ngram": "NGRAM",
    "draft_model": "STANDALONE",
    "eagle": "EAGLE",
    "eagle3": "EAGLE3",
    "mtp": "NEXTN",
}

#: `--schedule-policy priority` is no policy of the scheduler; priorities are a switch, and the least goes first as in vLLM.
PRIORITY: dict[str, bool | None] = {
    "priority": True,
    **dict.fromkeys(("fcfs", "lpm", "random", "dfs-weight", "lof")),
}

#: Parsers by the names that vLLM has for them.
TOOL_PARSERS = {
    "llama3_json": "llama3",
    "deepseek_v3": "deepseekv3",
    "deepseek_v31": "deepseekv31",
    "deepseek_v32": "deepseekv32",
    "minimax_m2": "minimax-m2",
    "openai": "gpt-oss",
}
REASONING_PARSERS = {"deepseek_r1": "deepseek-r1", "deepseek_v3": "deepseek-v3", "openai_gptoss": "gpt-oss"}


def online_format(name: Any, at: Lowering) -> str | None:
    """`--quantization` or `--torchao-config`; nothing for a checkpoint that is quantized already."""
    return None if at.facts.model.is_quantized else str(name)


def weight_dtype(mode: Any, at: Lowering) -> str | None:
    """`--dtype` for gemm_mode bf16 and fp16, where misc.dtype does not say it and the checkpoint is in 16 bit."""
    if at.config.misc.dtype is not None or at.facts.model.is_quantized:
        return None
    return {"bf16": "bfloat16", "fp16": "float16"}.get(mode)


def kv_cache_dtype(mode: Any, at: Lowering) -> str | None:
    """`--kv-cache-dtype`. SGLang knows no plain `fp8`; it means E4M3, as in vLLM.

    16 bit is `auto`, the model's own type, where that is the one asked for and the version has no name for it.
    """
    if mode in ("fp8", "auto"):
        return "fp8_e4m3" if mode == "fp8" else None
    if mode not in ("bf16", "fp16") or mode in at.known.flags["--kv-cache-dtype"].takes:
        return str(mode)
    wanted = "bfloat16" if mode == "bf16" else "float16"
    model = at.facts.model
    own = {"auto": model.dtype, None: model.dtype, "half": "float16"}.get(at.config.misc.dtype, at.config.misc.dtype)
    return "auto" if own == wanted else str(mode)


def mem_fraction(_: Any, at: Lowering) -> float | None:
    """`--mem-fraction-static`: weights and KV cache, the very meaning of the setting."""
    return sglang_fraction(at.config, at.facts)


def honor_fraction(_: Any, at: Lowering) -> str | None:
    """Keeps AITER's attention from taking 0.85 of the fraction for contexts past 8192 tokens (attention_hook.py)."""
    return "1" if at.facts.gpu.vendor == "amd" else None


def whole_gib(gigabytes: Any, _: Lowering) -> int | None:
    """GB as the config has them, in whole GiB, rounded up so that no less is offloaded; 0 is what SGLang does anyway."""
    return ceil(gigabytes * GB / GIB) or None


def host_cache(gigabytes: Any, at: Lowering) -> int | None:
    """`--hicache-size`, whole GB of each rank (HostKVCache counts 1e9); the config counts those of a whole replica."""
    if not gigabytes:
        return None
    parallel = at.config.parallel
    return max(1, int(gigabytes / ((parallel.tp or 1) * (parallel.pp or 1))))


def attention_ranks(config: Config) -> int:
    """Data parallel attention groups inside tp: parallel.dp of them, all of tp where that is unset; 1 where it is off."""
    parallel = config.parallel
    if not parallel.dp_attention:
        return 1
    dp = parallel.dp or 1
    return dp if dp > 1 else parallel.tp or 1


def replicas(count: Any, at: Lowering) -> int | None:
    """`--dp-size` as replicas of the model; with data parallel attention parallel.dp counts groups inside tp."""
    return None if at.config.parallel.dp_attention else int(count)


def attention_groups(_: Any, at: Lowering) -> int | None:
    """Number of attention groups, where there are several."""
    ranks = attention_ranks(at.config)
    return ranks if ranks > 1 else None


def attention_switch(_: Any, at: Lowering) -> bool | None:
    """`--enable-dp-attention`, with `--dp-size` groups, in versions without `--attn-dp-size`."""
    return True if attention_ranks(at.config) > 1 else None


def over_ranks(count: Any, at: Lowering) -> int:
    """A limit of one data parallel rank, as SGLang takes it: it divides the number by the attention groups."""
    return over_ranks_of(at.config, count)


def over_ranks_of(config: Config, count: int) -> int:
    """`count` of each attention group, all groups together."""
    return int(count) * attention_ranks(config)


def expert_ranks(size: Any, at: Lowering) -> int | None:
    """`--ep-size`; a dense model has no experts to spread."""
    return int(size) if at.facts.model.is_moe else None


def context_ranks(size: Any, _: Lowering) -> int | None:
    """`--attn-cp-size`; the flags beside it are refused where it is 1."""
    return int(size) if size > 1 else None


def flash_attention(gpu: Gpu, *, mla: bool, known: frozenset[str]) -> str:
    """FlashAttention by GPU (srt/layers/attention/attention_registry.py): FA3 on Hopper, and on Ampere and Ada without MLA.

    Blackwell has FA4, before 0.5.3 TensorRT-LLM's kernels; AMD has AITER; elsewhere Triton.
    """
    if gpu.vendor == "amd":
        return "aiter"
    if gpu.architecture == "blackwell":
        fallback = "trtllm_mla" if mla else "trtllm_mha"
        return "fa4" if "fa4" in known else fallback
    if gpu.architecture == "hopper" or (gpu.architecture in ("ampere", "ada") and not mla):
        return "fa3"
    return "torch_native" if gpu.vendor == "cpu" else "triton"


def attention_backend(name: Any, at: Lowering) -> str | None:
    """Lower case name in SGLang's list; the same list for prefill and decode."""
    neutral = str(name).lower().replace("-", "_")
    if neutral == "auto":
        return None
    if neutral in FLASH_ATTENTION:
        known = at.known.flags["--attention-backend"].takes
        return flash_attention(at.facts.gpu, mla=at.facts.model.is_mla, known=known)
    return ATTENTION.get(neutral, neutral)


def moe_backend(name: Any, _: Lowering) -> str:
    """Expert kernels, lower case with underscores."""
    return str(name).lower().replace("-", "_")


def graph_sizes(sizes: Any, at: Lowering) -> Any:
    """Batch sizes to capture; nothing where nothing is captured."""
    return None if at.config.misc.cuda_graphs is False else sizes


def tool_parser(name: Any, _: Lowering) -> str:
    """`--tool-call-parser`, by SGLang's name or vLLM's."""
    return TOOL_PARSERS.get(name, str(name))


def reasoning_parser(name: Any, _: Lowering) -> str:
    """`--reasoning-parser`, by SGLang's name or vLLM's."""
    return REASONING_PARSERS.get(name, str(name))


def draft_model(name: Any, at: Lowering) -> str | None:
    """The draft's path; n-grams have none."""
    speculative = at.config.misc.speculative
    unused = speculative is None or speculative.method == "ngram"
    return None if unused or not _is_taken(at) else str(name)


def speculative_set(config: Config) -> tuple[int, int, int] | None:
    """(num_steps, topk, num_draft_tokens); None without speculation. SGLang wants all three or none.

    SGLang counts the token that each verification gives anyway among the draft tokens: a chain (topk 1) of n steps has
    n + 1. misc.speculative.num_tokens and runtime.nextn count proposals, as vLLM does, so n of them are n steps.
    """
    speculative, nextn = config.misc.speculative, config.runtime.nextn
    if speculative is not None:
        steps = speculative.num_steps or speculative.num_tokens
        topk = speculative.topk or 1
        return steps, topk, 1 + (steps if topk == 1 else speculative.num_tokens)
    return (nextn, 1, nextn + 1) if nextn else None


def num_steps(_: Any, at: Lowering) -> int | None:
    """`--speculative-num-steps`."""
    return _of_set(at, 0)


def topk(_: Any, at: Lowering) -> int | None:
    """`--speculative-eagle-topk`."""
    return _of_set(at, 1)


def draft_tokens(_: Any, at: Lowering) -> int | None:
    """`--speculative-num-draft-tokens`."""
    return _of_set(at, 2)


def nextn_algorithm(tokens: Any, at: Lowering) -> str | None:
    """NEXTN for runtime.nextn; misc.speculative says it all where it is set."""
    return None if not tokens or at.config.misc.speculative is not None else "NEXTN"


def _of_set(at: Lowering, index: int) -> int | None:
    found = speculative_set(at.config)
    return None if found is None or not _is_taken(at) else found[index]


def _is_taken(at: Lowering) -> bool:
    """Whether the version has the method: what goes with a refused one is left out."""
    speculative = at.config.misc.speculative
    if speculative is None:
        return True
    return ALGORITHMS.get(speculative.method) in at.known.flags["--speculative-algorithm"].takes
