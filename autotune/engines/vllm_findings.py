"""What vLLM would refuse when it starts, or take otherwise than the config says. Each check looks at several settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config


def find_contradictions(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT101 for what is taken otherwise, AT003 and AT027 for what is refused."""
    yield from _experts(config, facts)
    yield from _attention(config, facts)
    yield from _speculation(config)
    yield from _steps(config, facts)
    if config.misc.cuda_graph_sizes is not None and config.misc.cuda_graphs is False:
        yield _warn(
            "misc.cuda_graph_sizes",
            "no CUDA graphs are captured with misc.cuda_graphs=false; the sizes are dropped",
            "drop one of the two",
        )


def _experts(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    parallel = config.parallel
    ranks = (parallel.tp or 1) * (parallel.dp or 1)
    asked = {"parallel.ep": parallel.ep or 1, "parallel.moe_ep": parallel.moe_ep or 1}
    spread = max(asked.values()) > 1
    for path, size in asked.items():
        if size == 1:
            continue
        if not facts.model.is_moe:
            yield _warn(path, f"{facts.model.id} has no experts; {path}={size} is dropped", "remove it")
        elif size != ranks:
            yield _warn(
                path,
                f"vLLM spreads experts over all tp x dp = {ranks} ranks; {path}={size} is taken as {ranks}",
                f"set it to {ranks}, or to 1 to switch it off",
            )
    slices = 1 if spread else ranks
    if parallel.moe_tp is not None and facts.model.is_moe and parallel.moe_tp != slices:
        yield _warn(
            "parallel.moe_tp",
            f"each expert lies on {slices} rank(s) here; parallel.moe_tp={parallel.moe_tp} is dropped",
            "set parallel.ep: vLLM spreads experts whole, or slices all of them over tp x dp",
        )


def _attention(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    parallel = config.parallel
    if parallel.dp_attention and (parallel.dp or 1) == 1 and (parallel.tp or 1) > 1:
        yield _warn(
            "parallel.dp_attention",
            "in vLLM data parallel attention is what parallel.dp means; alone it is dropped",
            f"set parallel.dp={parallel.tp} and parallel.tp=1",
        )
    if config.attention.prefill_backend is not None and not facts.model.is_mla:
        yield _warn(
            "attention.prefill_backend",
            "vLLM has separate prefill kernels for MLA models only; it is dropped",
            "set attention.backend",
        )


def _speculation(config: Config) -> Iterator[Diagnostic]:
    speculative, nextn = config.misc.speculative, config.runtime.nextn
    if speculative is None:
        return
    if nextn and (speculative.method != "mtp" or speculative.num_tokens != nextn):
        yield diagnostic(
            "AT027",
            f"runtime.nextn={nextn} and misc.speculative say different things",
            path="runtime.nextn",
            help="keep one of them",
        )
    if speculative.model is None and speculative.method in ("draft_model", "eagle", "eagle3"):
        yield diagnostic(
            "AT003",
            f"{speculative.method} needs a draft model",
            path="misc.speculative.model",
            help="name it in misc.speculative.model",
        )


def _steps(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """vllm/config/scheduler.py: a step must hold a token of every running request and, without chunks, the longest input."""
    scheduling = config.scheduling
    tokens, requests = scheduling.max_batched_tokens, scheduling.max_running_requests
    if tokens is None:
        return
    if requests is not None and tokens < requests:
        yield diagnostic(
            "AT027",
            f"a step of {tokens} tokens cannot hold a token for each of {requests} requests",
            path="scheduling.max_batched_tokens",
            help=f"use {requests} or more, or lower scheduling.max_running_requests",
        )
    context = config.misc.context_length or facts.model.max_context
    if scheduling.chunked_prefill is False and tokens < context:
        yield diagnostic(
            "AT027",
            f"without chunked prefill a step of {tokens} tokens cannot hold an input of {context}",
            path="scheduling.max_batched_tokens",
            help=f"use {context} or more, or lower misc.context_length",
        )


def _warn(path: str, message: str, advice: str) -> Diagnostic:
    return diagnostic("AT101", message, path=path, help=advice)
