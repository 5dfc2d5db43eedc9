"""What `transformers serve` would take otherwise than the config says, or not at all."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import diagnostic
from autotune.engines.dropped_formats import find_shortfall
from autotune.engines.spelling import spell_value
from autotune.engines.transformers_values import ONLINE_FORMATS, own_dtype, served_formats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: What the server does in any case, by path: one GPU, requests in the order they came, long inputs in pieces
#: (continuous batching's `fifo` scheduler), and KV blocks shared between equal prefixes.
CONSTANT: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("parallel.tp", "parallel.pp", "parallel.dp", "parallel.cp"), (1,)),
    **dict.fromkeys(("parallel.ep", "parallel.moe_tp", "parallel.moe_ep", "parallel.dcp"), (1,)),
    "parallel.dp_attention": (False,),
    "memory.cpu_offload_gb": (0.0,),
    "memory.kv_offload_gb": (0.0,),
    "memory.prefix_caching": (True,),
    "scheduling.policy": ("fcfs",),
    "scheduling.chunked_prefill": (True,),
    "misc.load_format": ("auto", "safetensors"),
}
#: Sizes that decide how many GPUs the server takes.
GPU_SIZES = frozenset({"parallel.tp", "parallel.pp", "parallel.dp", "parallel.cp"})


def find_contradictions(config: Config, facts: Facts, model: str) -> Iterator[Diagnostic]:
    """AT038 for what cannot be served so, AT101 for what is dropped, AT003 and AT016 for what would fail, AT209 for the image."""
    yield from _constants(config)
    yield from _formats(config, facts)
    yield from _names(config, model)
    if config.runtime.nextn:
        yield _warn("runtime.nextn", config.runtime.nextn, "set misc.speculative and runtime.nextn on another engine")
    if config.system.image is None:
        yield diagnostic(
            "AT209",
            f"no image of transformers {facts.engine_version} with its server is published; the library's own is named",
            path="system.image",
            help="build one with `pip install 'transformers[serving]'` and name it in system.image",
        )


def _constants(config: Config) -> Iterator[Diagnostic]:
    for path, taken in CONSTANT.items():
        value = operator.attrgetter(path)(config)
        if value is None or value in taken:
            continue
        if path in GPU_SIZES:
            yield diagnostic(
                "AT038",
                f"transformers serves a model on one GPU; {path}={value} is not to be had",
                path=path,
                help=f"set {path}=1, or another engine in system.backend; deploy.replicas starts several servers",
            )
        else:
            yield _warn(path, value, f"set it to {spell_value(taken[0])}, which is what transformers does")


def _formats(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """Weights are quantized by bitsandbytes or in the checkpoint, and the KV cache has the type of the model."""
    served = served_formats(config, facts)
    asked, kept = config.quantization, served.quantization
    if asked.gemm_mode != kept.gemm_mode:
        advice = f"use {' or '.join(ONLINE_FORMATS)}, or a checkpoint that is quantized already"
        yield _warn("quantization.gemm_mode", asked.gemm_mode, advice)
    if asked.kvcache_mode != kept.kvcache_mode:
        advice = f"set it to auto: the KV cache is in the model's own type, {own_dtype(config, facts)}"
        yield _warn("quantization.kvcache_mode", asked.kvcache_mode, advice)
    yield from find_shortfall(config, served, facts, "transformers")


def _names(config: Config, model: str) -> Iterator[Diagnostic]:
    """The server has one name, the model argument; an at sign in it leads to a revision."""
    names = {"model.served_name": (config.model.served_name,), "model.aliases": config.model.aliases}
    for path, given in names.items():
        others = [name for name in given if name not in (None, model)]
        if others:
            yield _warn(path, others[0], f"clients ask for {model}")
    if config.model.path is not None and config.model.revision is not None:
        yield _warn("model.revision", config.model.revision, "a folder has one revision; remove it")
    path = config.model.path or config.model.id
    if "@" in path:
        yield diagnostic(
            "AT003",
            f"transformers reads what follows the @ in {path} as a revision",
            path="model.id" if config.model.path is None else "model.path",
            help="name the revision in model.revision, or the folder without an at sign",
        )


def _warn(path: str, value: Any, advice: str) -> Diagnostic:
    message = f"transformers has no setting for {path}={spell_value(value)}; it is dropped"
    return diagnostic("AT101", message, path=path, help=advice)
