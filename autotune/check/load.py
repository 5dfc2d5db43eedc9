"""The benchmark's load against what the server takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


class Span(NamedTuple):
    """Tokens, input and output together, of the shortest and the longest request of a scenario."""

    shortest: float
    longest: float


def check_load_context(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT019: no request of a scenario fits into the context; AT107: some do not. The runtime group has its own check."""
    asked = config.misc.context_length
    room = asked or facts.model.max_context
    limit = f"misc.context_length={asked}" if asked else f"the model's context of {room} tokens"
    for text in config.benchmark.traffic_scenarios:
        span = read_span(text)
        if span is None or span.longest <= room:
            continue
        cure = f"lower it to {room} tokens in all" + (
            f", or raise misc.context_length to {span.longest:g}" if span.longest <= facts.model.max_context else ""
        )
        if span.shortest > room:
            message = f"each request of {text} has {span.shortest:g} tokens or more, which do not fit into {limit}"
            if span.shortest == span.longest:
                message = f"the {span.longest:g} tokens of {text} do not fit into {limit}"
            yield diagnostic("AT019", message, path="benchmark.traffic_scenarios", help=cure)
        else:
            yield diagnostic(
                "AT107",
                f"requests of {text} have up to {span.longest:g} tokens, and {limit} refuses the longest",
                path="benchmark.traffic_scenarios",
                help=cure,
            )


def check_admission(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT112: more requests in flight than the server admits; AT205: more than run at once, so that some wait.

    vLLM's limit counts waiting and running requests of the whole server (`max_num_queued_reqs` in config/scheduler.py), SGLang's
    the waiting ones alone (`max_queued_requests`).
    """
    benchmark, scheduling = config.benchmark, config.scheduling
    if benchmark.request_rate:
        return
    in_flight = max(benchmark.num_concurrency) if benchmark.num_concurrency else 1
    in_flight = min(in_flight, benchmark.max_requests)
    running = scheduling.max_running_requests
    at_once = None if running is None else running * (config.parallel.dp or 1)
    admitted = scheduling.max_queued_requests
    if admitted is not None and facts.engine != "vllm":
        admitted = None if at_once is None else at_once + admitted
    if admitted is not None and in_flight > admitted:
        yield diagnostic(
            "AT112",
            f"the load has {in_flight} requests in flight, and the server admits {admitted}: the others are refused and count as failed",
            path="scheduling.max_queued_requests",
            help=f"raise it by {in_flight - admitted}, or lower benchmark.num_concurrency to {admitted}",
        )
    elif at_once is not None and in_flight > at_once:
        yield diagnostic(
            "AT205",
            f"the load has {in_flight} requests in flight, and {at_once} run at once: the others wait, and TTFT counts the wait",
            path="scheduling.max_running_requests",
            help=f"scheduling.max_running_requests={-(-in_flight // (config.parallel.dp or 1))} runs all of them at once",
        )


def check_prefix(config: Config, facts: Facts) -> Iterator[Diagnostic]:  # noqa: ARG001 - the shape of every check
    """AT113: the workload shares a prefix, and prefix caching is off."""
    prefix = config.runtime.prefix
    if prefix and config.memory.prefix_caching is False:
        part = f" of {config.runtime.isl} input tokens" if config.runtime.isl else ""
        yield diagnostic(
            "AT113",
            f"requests share a prefix of {prefix}{part}, and with memory.prefix_caching=false each computes it again",
            path="memory.prefix_caching",
            help="set memory.prefix_caching=true, or runtime.prefix=0 to measure without it",
        )


def read_span(text: str) -> Span | None:
    """The spread of `D(in,out)`, `U(min,max)/(min,max)`, `U(max,max)` and `N(mean,sd)/(mean,sd)`, the last within two
    standard deviations; None for `dataset` and what is no scenario.
    """
    numbers = [float(item) for item in _NUMBERS.findall(text)]
    match text.strip()[:1], numbers:
        case "D", [tokens_in, tokens_out]:
            return Span(tokens_in + tokens_out, tokens_in + tokens_out)
        case "U", [low_in, high_in, low_out, high_out]:
            return Span(low_in + low_out, high_in + high_out)
        case "U", [high_in, high_out]:
            return Span(2, high_in + high_out)
        case "N", [mean_in, sd_in, mean_out, sd_out]:
            mean, spread = mean_in + mean_out, 2 * (sd_in**2 + sd_out**2) ** 0.5
            return Span(max(2, mean - spread), mean + spread)
    return None
