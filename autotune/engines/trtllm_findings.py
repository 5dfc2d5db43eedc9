"""What TensorRT-LLM would refuse when it starts, or take otherwise than the config says."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import diagnostic
from autotune.engines.assemble import spread
from autotune.engines.dropped_formats import find_shortfall
from autotune.engines.spelling import spell_value
from autotune.engines.trtllm_values import own_dtype, served_formats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: What the server does in any case, by path: requests run in the order they came.
CONSTANT: dict[str, tuple[Any, ...]] = {
    "parallel.dp": (1,),
    "parallel.dcp": (1,),
    "memory.cpu_offload_gb": (0.0,),
    "scheduling.policy": ("fcfs",),
    "misc.speculative.topk": (1,),
}


def find_contradictions(config: Config, facts: Facts, name: str) -> Iterator[Diagnostic]:
    """AT038 for what cannot be served so, AT101 for what is dropped, AT003, AT016 and AT027 for what would fail."""
    yield from _placing(config, facts)
    yield from _constants(config)
    yield from _formats(config, facts)
    yield from _experts(config, facts)
    yield from _speculation(config)
    page = config.memory.page_size
    if page is not None and page & (page - 1):
        yield diagnostic(
            "AT003",
            f"TensorRT-LLM's KV cache pages hold a power of two of tokens, not {page}",
            path="memory.page_size",
            help=f"use {1 << page.bit_length() - 1} or {1 << page.bit_length()}",
        )
    if config.misc.cuda_graph_sizes is not None and config.misc.cuda_graphs is False:
        yield _warn("misc.cuda_graph_sizes", config.misc.cuda_graph_sizes, "drop it, or set misc.cuda_graphs=true")
    others = [item for item in (config.model.served_name, *config.model.aliases) if item not in (None, name)]
    if others:
        path = "model.served_name" if others[0] == config.model.served_name else "model.aliases"
        yield _warn(path, others[0], f"clients ask for {name}")


def _placing(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """NVIDIA GPUs of one node: several nodes are started through MPI, by `trtllm-llmapi-launch`."""
    if facts.gpu.vendor != "nvidia":
        yield diagnostic(
            "AT038",
            f"TensorRT-LLM runs on NVIDIA GPUs, not on {facts.gpu.name}",
            path="system.gpu",
            help="choose another engine in system.backend",
        )
    parallel = config.parallel
    needed = (parallel.tp or 1) * (parallel.pp or 1) * (parallel.cp or 1)
    if spread(needed, facts.gpus_per_node, config.system.nodes) > 1:
        yield diagnostic(
            "AT038",
            f"{needed} GPUs span nodes of {facts.gpus_per_node}, and TensorRT-LLM starts on several nodes through MPI only",
            path="parallel.tp",
            help=f"keep tp x pp x cp within {facts.gpus_per_node}, or choose another engine in system.backend",
        )


def _constants(config: Config) -> Iterator[Diagnostic]:
    for path, taken in CONSTANT.items():
        value = _read(config, path)
        if value is None or value in taken:
            continue
        if path == "parallel.dp":
            yield diagnostic(
                "AT038",
                f"a TensorRT-LLM server holds one copy of the model; parallel.dp={value} is not to be had",
                path=path,
                help=f"set parallel.dp=1 and deploy.replicas={value}; for attention alone there is parallel.dp_attention",
            )
        else:
            yield _warn(path, value, f"set it to {spell_value(taken[0])}, which is what TensorRT-LLM does")


def _read(config: Config, path: str) -> Any:
    if path.startswith("misc.speculative.") and config.misc.speculative is None:
        return None
    return operator.attrgetter(path)(config)


def _formats(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """Weights come quantized in the checkpoint, and a 16 bit KV cache is in the model's own type."""
    served = served_formats(config, facts)
    asked, kept = config.quantization, served.quantization
    if asked.gemm_mode != kept.gemm_mode:
        advice = "name a checkpoint in that format (NVIDIA publishes FP8 and NVFP4 ones), or leave it unset"
        yield _warn("quantization.gemm_mode", asked.gemm_mode, advice)
    if asked.kvcache_mode != kept.kvcache_mode:
        advice = f"set it to auto: a 16 bit KV cache is in the model's own type, {own_dtype(config, facts)}"
        yield _warn("quantization.kvcache_mode", asked.kvcache_mode, advice)
    yield from find_shortfall(config, served, facts, "TensorRT-LLM")


def _experts(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """moe_tp x ep must be tp (tensorrt_llm/mapping.py); one of them alone leaves the rest to the other."""
    parallel = config.parallel
    spread_over, sliced, ranks = parallel.moe_ep or parallel.ep, parallel.moe_tp, parallel.tp or 1
    if not facts.model.is_moe:
        for path in ("parallel.ep", "parallel.moe_ep", "parallel.moe_tp"):
            size = operator.attrgetter(path)(config)
            if size is not None and size > 1:
                yield _warn(path, size, f"remove it; {facts.model.id} has no experts")
        return
    if parallel.moe_ep is not None and parallel.ep not in (None, parallel.moe_ep):
        yield _warn("parallel.ep", parallel.ep, f"parallel.moe_ep={parallel.moe_ep} counts; keep one of them")
    if spread_over is not None and sliced is not None and spread_over * sliced != ranks:
        yield diagnostic(
            "AT027",
            f"experts on {spread_over} ranks in slices over {sliced} need parallel.tp={spread_over * sliced}, not {ranks}",
            path="parallel.moe_tp",
            help="leave parallel.moe_tp unset: what remains of tp is taken",
        )


def _speculation(config: Config) -> Iterator[Diagnostic]:
    speculative, tokens = config.misc.speculative, config.runtime.nextn
    if speculative is None:
        return
    if tokens and (speculative.method != "mtp" or speculative.num_tokens != tokens):
        yield diagnostic(
            "AT027",
            f"runtime.nextn={tokens} and misc.speculative say different things",
            path="runtime.nextn",
            help="keep one of them",
        )


def _warn(path: str, value: Any, advice: str) -> Diagnostic:
    message = f"TensorRT-LLM has no use for {path}={spell_value(value)}; it is dropped"
    return diagnostic("AT101", message, path=path, help=advice)
