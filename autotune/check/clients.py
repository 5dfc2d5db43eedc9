"""What each load client can do, against the load that it is to make."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Benchmark, Config

#: Scenarios whose requests all ask for the same number of output tokens.
_ONE_OUTPUT = re.compile(r"D\(.*\)|[NU]\([^)]*\)/\(\s*(\d+)\s*,\s*(?:\1|0)\s*\)")


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What a client cannot do. Texts are ends of the sentence `benchmark.tool=... `; None is no limit.

    `one_output` names engines on which all requests of a load must ask for the same number of output tokens.
    """

    request_rate: str | None = None
    engines: Mapping[str, str] = field(default_factory=dict)
    one_output: tuple[str, ...] = ()


#: Every client by its `benchmark.tool`, from the tools' own sources and runs: see docs/benchmarking.md.
CLIENT_LIMITS: dict[str, ClientLimits] = {
    "quick": ClientLimits(),
    "genai_bench": ClientLimits(request_rate="has no request rate, only fixed concurrency"),
    "guidellm": ClientLimits(one_output=("transformers",)),
    "vllm_bench": ClientLimits(),
    "aiperf": ClientLimits(),
}


def check_client(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT047: the load client that is named cannot make this load."""
    yield from client_problems(config.benchmark.tool, config.benchmark, facts.engine)


def client_problems(tool: str, benchmark: Benchmark, engine: str | None = None) -> Iterator[Diagnostic]:
    """Everything about a load that a client cannot do; nothing for `auto`, which is resolved when a run starts."""
    limits = CLIENT_LIMITS.get(tool)
    if limits is None:
        return
    if benchmark.task != "text-to-text":
        yield _cannot(
            tool,
            f"is used for text-to-text only, not {benchmark.task}",
            "benchmark.task",
            "use benchmark.task=text-to-text",
        )
    if benchmark.request_rate and limits.request_rate is not None:
        others = " or ".join(name for name, other in CLIENT_LIMITS.items() if other.request_rate is None)
        yield _cannot(tool, limits.request_rate, "benchmark.request_rate",
                      f"use benchmark.num_concurrency, or benchmark.tool={others}")  # fmt: skip
    if engine is not None and (reason := limits.engines.get(engine)) is not None:
        yield _cannot(tool, reason, "benchmark.tool", "use benchmark.tool=quick or genai_bench")
    if engine in limits.one_output:
        for text in benchmark.traffic_scenarios:
            if _ONE_OUTPUT.fullmatch(text.strip()) is None:
                yield _cannot(tool, f"asks {engine} for the same number of output tokens in every request, unlike {text}",
                              "benchmark.traffic_scenarios", "use D(in,out), or benchmark.tool=quick")  # fmt: skip


def _cannot(tool: str, what: str, path: str, remedy: str) -> Diagnostic:
    return diagnostic("AT047", f"benchmark.tool={tool} {what}", path=path, help=remedy)
