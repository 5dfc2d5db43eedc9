"""What a load client is: one method that puts loads on a server and returns what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from autotune.bench.site import HERE
from autotune.metrics import DEFAULT_OSL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from autotune.bench.site import Site
    from autotune.diagnostics import Diagnostic
    from autotune.metrics import Load, Measurement
    from autotune.schema import Benchmark


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a ready server answers. `base_url` has no trailing slash and no `/v1`."""

    base_url: str
    model: str
    tokenizer: str
    engine: str


@dataclass(frozen=True, slots=True)
class BenchJob:
    """What one client call needs: the loads to measure, the limits, a folder of its own for raw output."""

    endpoint: Endpoint
    benchmark: Benchmark
    loads: tuple[Load, ...]
    folder: Path
    gpus: int
    env: Mapping[str, str]
    cancelled: Callable[[], bool] = lambda: False
    osl: int = DEFAULT_OSL
    """Output tokens of a data set's prompts that do not say how many they want."""
    site: Site = HERE
    """Where a client that is a command runs it."""
    limits_ms: Mapping[str, float] = field(default_factory=dict)
    """What a request has to meet to count as goodput, by latency (`ttft_ms`), in the server's own time."""
    speed: float = 1.0
    """How many times faster than it says an emulated server runs."""

    @property
    def clock_limits_ms(self) -> dict[str, float]:
        """`limits_ms` by the clock on the wall, for clients that know nothing of emulation."""
        return {name: limit / self.speed for name, limit in self.limits_ms.items()}


class BenchClient(Protocol):
    """One load client. Implementations are one module each, listed in `autotune.bench.CLIENTS`."""

    def preflight(self, benchmark: Benchmark) -> list[Diagnostic]:
        """What is missing on this machine, and what of this benchmark the client cannot do; empty when all is well.

        Asked before any server is started.
        """
        ...

    def measure(self, job: BenchJob) -> list[Measurement]:
        """Every load in turn, repeats included. Raises `autotune.bench.BenchError` when nothing usable came out.

        A measurement whose requests all failed is an error, whatever the tool's exit code said. Some that failed are
        counted, with their reasons; `autotune.bench.settle` judges them.
        """
        ...
