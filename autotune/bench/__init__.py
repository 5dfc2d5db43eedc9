"""Load clients: what puts traffic on a server, and what comes out of it in one set of units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.bench.aiperf import AiPerf
from autotune.bench.client import BenchClient, BenchJob, Endpoint
from autotune.bench.emulated import rescale
from autotune.bench.errors import BenchCancelled, BenchError
from autotune.bench.file_fed import FileFedClient
from autotune.bench.genai_bench import GenaiBenchClient
from autotune.bench.guidellm import GuideLlm
from autotune.bench.loads import expand_loads
from autotune.bench.quick import QuickClient
from autotune.bench.repeats import combine_repeats, settle
from autotune.bench.scenario import Scenario, parse_scenario
from autotune.bench.vllm_bench import VllmBench
from autotune.diagnostics import InputError, diagnostic
from autotune.metrics import Kind, Load, Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Every load client by its `benchmark.tool`.
CLIENTS: Mapping[str, BenchClient] = {
    "genai_bench": GenaiBenchClient(),
    "quick": QuickClient(),
    "guidellm": FileFedClient(GuideLlm()),
    "vllm_bench": FileFedClient(VllmBench()),
    "aiperf": FileFedClient(AiPerf()),
}


def client_name(tool: str, *, emulated: bool) -> str:
    """The client that `benchmark.tool` means: `auto` is quick where the server is emulated, else genai_bench."""
    if tool != "auto":
        return tool
    return "quick" if emulated else "genai_bench"


def find_client(name: str) -> BenchClient:
    """The client of that name. Raises InputError (AT030) for one that this version does not have."""
    if name in CLIENTS:
        return CLIENTS[name]
    raise InputError(
        diagnostic("AT030", f"benchmark.tool={name} is not in this version", path="benchmark.tool",
                   help=f"use one of {', '.join(CLIENTS)}")
    )  # fmt: skip


__all__ = [
    "CLIENTS",
    "BenchCancelled",
    "BenchClient",
    "BenchError",
    "BenchJob",
    "Endpoint",
    "GenaiBenchClient",
    "Kind",
    "Load",
    "Measurement",
    "QuickClient",
    "Scenario",
    "client_name",
    "combine_repeats",
    "expand_loads",
    "find_client",
    "parse_scenario",
    "rescale",
    "settle",
]
