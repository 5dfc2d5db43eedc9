"""Load clients that run inside the cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.bench import CLIENTS
from autotune.bench.file_fed import FileFedClient
from autotune.bench.genai_bench import GenaiBenchClient
from autotune.check.in_cluster import by_benchmark_job, in_cluster_problems
from autotune.diagnostics import InputError
from autotune.run.cluster.benchmark_job import BenchmarkJobClient
from autotune.run.cluster.site import ClusterSite

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.bench.client import BenchClient, BenchJob
    from autotune.diagnostics import Diagnostic
    from autotune.metrics import Measurement
    from autotune.run.cluster.ground import Ground
    from autotune.schema import Benchmark


def cluster_client(executor: str, tool: str, ground: Callable[[], Ground]) -> BenchClient:
    """The client of that name for a server of that executor; `ground` is asked once there is a server."""
    if by_benchmark_job(executor, tool):
        return BenchmarkJobClient(ground)
    return InClusterClient(executor, tool, ground)


class InClusterClient:
    """A client that is a command, in a Job. Prompts are made, and the server is warmed up, from here."""

    def __init__(self, executor: str, tool: str, ground: Callable[[], Ground]) -> None:
        self._executor = executor
        self._tool = tool
        self._ground = ground

    def preflight(self, benchmark: Benchmark) -> list[Diagnostic]:
        """What keeps it from running in the cluster, and what the client cannot do."""
        found = list(in_cluster_problems(self._executor, self._tool, benchmark))
        inner = CLIENTS[self._tool]
        if isinstance(inner, FileFedClient | GenaiBenchClient):
            found += inner.preflight(benchmark, ClusterSite(self._tool, None))
        return found

    def measure(self, job: BenchJob) -> list[Measurement]:
        """See `BenchClient.measure`. Raises ExperimentFailed, too, for what keeps a pod from running."""
        if problems := list(in_cluster_problems(self._executor, self._tool, job.benchmark)):
            raise InputError(*problems)
        return CLIENTS[self._tool].measure(replace(job, site=ClusterSite(self._tool, self._ground())))
