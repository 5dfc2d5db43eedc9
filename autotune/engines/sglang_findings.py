"""What SGLang would refuse when it starts, or take otherwise than the config says. Each check looks at several settings.

Sources: `__post_init__` and `check_server_args` of srt/server_args.py up to 0.5.19, srt/arg_groups/*_hook.py from 0.5.20 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from autotune.diagnostics import diagnostic
from autotune.engines.sglang_values import attention_ranks, over_ranks_of, speculative_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Kernels built for Blackwell alone.
BLACKWELL_ONLY = ("trtllm_mla", "cutedsl_mla", "cutlass_mla", "tokenspeed_mla")
#: trtllm_mha runs on Hopper too, from these versions on: to decode, and to prefill.
TRTLLM_MHA_ON_HOPPER = {"attention.decode_backend": "0.5.10"}
TRTLLM_MHA_WHOLE = "0.5.19"
#: With AITER and a longer context SGLang takes this part of the memory fraction.
AITER_PART, AITER_CONTEXT = 0.85, 8192


def find_contradictions(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT101 for what is taken otherwise, AT003 and AT027 for what is refused."""
    yield from _experts(config, facts)
    yield from _ranks(config)
    yield from _kernels(config, facts)
    yield from _prefill(config)
    yield from _cache(config, facts)
    yield from _speculation(config)
    name = config.model.served_name or config.model.id
    if ":" in name and Version(facts.engine_version) >= Version("0.5.6"):
        yield diagnostic(
            "AT003",
            f"SGLang takes the colon in `{name}` for an adapter's name and refuses it",
            path="model.served_name",
            help="set model.served_name to a name without a colon",
        )
    if config.misc.cuda_graph_sizes is not None and config.misc.cuda_graphs is False:
        yield _warn(
            "misc.cuda_graph_sizes",
            "no CUDA graphs are captured with misc.cuda_graphs=false; the sizes are dropped",
            "drop one of the two",
        )


def _experts(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    parallel = config.parallel
    if parallel.ep is not None and parallel.moe_ep is not None and parallel.ep != parallel.moe_ep:
        yield _refuse(
            "parallel.moe_ep",
            f"SGLang has one expert parallel size, and parallel.ep={parallel.ep} and parallel.moe_ep={parallel.moe_ep} differ",
            "keep one of them",
        )
    ranks = parallel.ep or parallel.moe_ep or 1
    slices = (parallel.tp or 1) // ranks
    if parallel.moe_tp is not None and facts.model.is_moe and parallel.moe_tp != slices:
        yield _warn(
            "parallel.moe_tp",
            f"SGLang cuts each expert into tp / ep = {slices} slices; parallel.moe_tp={parallel.moe_tp} is dropped",
            f"set it to {slices}, or change parallel.ep",
        )


def _ranks(config: Config) -> Iterator[Diagnostic]:
    parallel = config.parallel
    tp, groups = parallel.tp or 1, attention_ranks(config)
    if parallel.dp_attention and groups == 1:
        yield _warn(
            "parallel.dp_attention",
            "attention is split over the ranks of parallel.tp, and there is one; it is dropped",
            "raise parallel.tp, or remove it",
        )
    elif tp % groups:
        yield _refuse(
            "parallel.dp_attention",
            f"attention in parallel.dp={groups} groups needs a multiple of as many ranks, and parallel.tp={tp}",
            f"use parallel.tp={groups * -(-tp // groups)}, or a parallel.dp that divides {tp}",
        )
    if groups == 1 and (parallel.dp or 1) > 1 and config.system.nodes > 1 and not parallel.dp_attention:
        yield _refuse(
            "parallel.dp",
            "SGLang keeps data parallel replicas on one node",
            "use deploy.replicas, or parallel.dp_attention=true",
        )


def _kernels(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    attention, gpu = config.attention, facts.gpu
    if gpu.architecture == "blackwell":
        return
    for path, name in (
        ("attention.backend", attention.backend),
        ("attention.prefill_backend", attention.prefill_backend),
        ("attention.decode_backend", attention.decode_backend),
    ):
        neutral = (name or "").lower().replace("-", "_")
        since = TRTLLM_MHA_ON_HOPPER.get(path, TRTLLM_MHA_WHOLE)
        older = Version(facts.engine_version) < Version(since)
        if neutral in BLACKWELL_ONLY or (neutral == "trtllm_mha" and (older or gpu.architecture != "hopper")):
            yield _refuse(
                path, f"{path}={name} does not run on {gpu.name} in SGLang {facts.engine_version}", "leave it unset"
            )


def _prefill(config: Config) -> Iterator[Diagnostic]:
    chunk, page = config.attention.chunked_prefill_size, config.memory.page_size or 1
    if chunk is None:
        return
    if config.scheduling.chunked_prefill is False:
        yield _refuse(
            "attention.chunked_prefill_size",
            "attention.chunked_prefill_size sets the size of chunks that scheduling.chunked_prefill=false switches off",
            "keep one of them",
        )
    elif over_ranks_of(config, chunk) % page:
        yield _refuse(
            "attention.chunked_prefill_size",
            f"a chunk of {chunk} tokens is no whole number of pages of {page}",
            f"use {max(page, chunk // page * page)}",
        )


def _cache(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    memory = config.memory
    if memory.kv_offload_gb and memory.prefix_caching is False:
        yield _refuse(
            "memory.kv_offload_gb",
            "SGLang keeps KV cache in host memory for shared prefixes, and memory.prefix_caching=false switches those off",
            "keep one of them",
        )
    context = config.misc.context_length or facts.model.max_context
    backend = config.attention.backend
    if (
        memory.mem_fraction_static is not None
        and facts.gpu.vendor == "amd"
        and (backend is None or backend in ("aiter", "flash_attn", "auto"))
        and context > AITER_CONTEXT
        and Version(facts.engine_version) < Version("0.5.19")
    ):
        yield _warn(
            "memory.mem_fraction_static",
            f"with AITER's attention and a context of {context} SGLang takes {AITER_PART} of it, "
            f"{AITER_PART * memory.mem_fraction_static:.3g} of memory",
            f"set attention.backend=triton, misc.context_length={AITER_CONTEXT} or less, or system.backend_version=0.5.19 or later",
        )


def _speculation(config: Config) -> Iterator[Diagnostic]:
    speculative, nextn = config.misc.speculative, config.runtime.nextn
    found = speculative_set(config)
    if found is None:
        return
    path = "runtime.nextn" if speculative is None else "misc.speculative.method"
    if (config.parallel.pp or 1) > 1 and config.system.serving_mode == "agg":
        yield _refuse(
            path, "SGLang does not speculate with pipeline parallelism", "set parallel.pp=1, or drop one of the two"
        )
    if speculative is None:
        return
    steps, topk, _ = found
    if nextn and (speculative.method != "mtp" or speculative.num_tokens != nextn):
        yield _refuse(
            "runtime.nextn", f"runtime.nextn={nextn} and misc.speculative say different things", "keep one of them"
        )
    if speculative.method == "draft_model" and attention_ranks(config) > 1:
        yield _refuse(
            path, "SGLang runs no draft model with data parallel attention", "use eagle3, or drop one of the two"
        )
    if topk > 1 and (config.memory.page_size or 1) > 1 and config.attention.backend != "flashinfer":
        yield _refuse(
            "misc.speculative.topk",
            f"misc.speculative.topk={topk} with memory.page_size={config.memory.page_size} works with flashinfer alone",
            "set attention.backend=flashinfer, or one of them to 1",
        )
    if topk == 1 and steps != speculative.num_tokens:
        yield _warn(
            "misc.speculative.num_tokens",
            f"a chain of {steps} steps proposes {steps} tokens; misc.speculative.num_tokens={speculative.num_tokens} is dropped",
            f"set it to {steps}, or raise misc.speculative.topk",
        )


def _warn(path: str, message: str, advice: str) -> Diagnostic:
    return diagnostic("AT101", message, path=path, help=advice)


def _refuse(path: str, message: str, advice: str) -> Diagnostic:
    return diagnostic("AT027", message, path=path, help=advice)
