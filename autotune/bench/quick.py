"""The built-in load client: small, streaming, in the base install."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.bench.connections import Connections
from autotune.bench.drive import Drive, Request, closed_loop, open_loop
from autotune.bench.emulated import rescale
from autotune.bench.errors import BenchCancelled, BenchError
from autotune.bench.loads import arrival_times, request_sizes
from autotune.bench.probe import WordCount, calibrate, emulated_speed
from autotune.bench.prompts import PromptSource
from autotune.bench.scenario import DATASET
from autotune.bench.stream import CHAT, Sender
from autotune.bench.summary import RequestRecord, summarize
from autotune.diagnostics import Diagnostic, diagnostic

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from autotune.bench.client import BenchJob, Endpoint
    from autotune.metrics import Load, Measurement
    from autotune.schema import Benchmark

#: Engines whose API knows `ignore_eos`, without which an answer may end before the output length asked for.
IGNORE_EOS_ENGINES = frozenset({"vllm", "sglang", "trtllm"})

_CANCEL_POLL_S = 0.05
#: Connections that an open loop starts with; it makes more when it needs them.
_OPEN_LOOP_CONNECTIONS = 16


class QuickClient:
    """Puts a closed or open loop of streamed requests on a server; see docs/benchmarking.md for its definitions."""

    def preflight(self, benchmark: Benchmark) -> list[Diagnostic]:
        """What of this benchmark the client cannot do."""
        found = []
        if benchmark.task != "text-to-text":
            found.append(_cannot(f"task {benchmark.task}", "benchmark.task"))
        if any(text.strip() == DATASET for text in benchmark.traffic_scenarios):
            found.append(_cannot("the traffic scenario `dataset`", "benchmark.traffic_scenarios"))
        return found

    def measure(self, job: BenchJob) -> list[Measurement]:
        """Every load in turn. Raises BenchError when a load had no request that completed, BenchCancelled on cancel.

        An emulated server (it says so in a header) is measured by its own clock, limits and rates are taken in
        emulated time, and the measurements are marked emulated.
        """
        return asyncio.run(_until_cancelled(_measure(job), job))


async def send_warmup(endpoint: Endpoint, benchmark: Benchmark, load: Load, count: int) -> None:
    """Send `count` requests of this load and forget them, whatever comes of them."""
    async with Connections(endpoint.base_url) as connections:
        run = await _prepare(connections, endpoint, benchmark)
        await run.warm_up(load, count, "warmup")


@dataclass(frozen=True, slots=True)
class _Run:
    """One server, ready to be measured."""

    sender: Sender
    count: WordCount
    speed: float | None
    benchmark: Benchmark

    async def warm_up(self, load: Load, count: int, seed: str) -> None:
        slots = min(count, load.concurrency or count)
        await closed_loop(self.sender, self._requests(load, count, seed), count, slots, self._limit_s)

    async def measure(self, load: Load, seed: str, gpus: int) -> Measurement:
        benchmark = self.benchmark
        if benchmark.warmup:
            await self.warm_up(load, benchmark.warmup, f"{seed} warmup")
        requests = self._requests(load, benchmark.max_requests, seed)
        await self.sender.connections.open(min(load.concurrency or _OPEN_LOOP_CONNECTIONS, benchmark.max_requests))
        if load.request_rate is not None:
            arrivals = arrival_times(load.request_rate * (self.speed or 1.0), benchmark.max_requests)
            drive = await open_loop(self.sender, requests, arrivals, self._limit_s)
        else:
            total = benchmark.max_requests
            slots = min(load.concurrency or 1, total)
            drive = await closed_loop(self.sender, requests, total, slots, self._limit_s)
        return self._summary(drive, load, gpus)

    def _summary(self, drive: Drive, load: Load, gpus: int) -> Measurement:
        if not any(record.completed for record in drive.records):
            raise BenchError(f"{load.label}: no request completed: {_reasons(drive.records, self.benchmark)}")
        measurement = summarize(drive.records, load, start=drive.start, end=drive.end, gpus=gpus, kind="measured")
        return measurement if self.speed is None else rescale(measurement, self.speed)

    @property
    def _limit_s(self) -> float:
        return self.benchmark.max_time_s / (self.speed or 1.0)

    def _requests(self, load: Load, count: int, seed: str) -> Iterator[Request]:
        # Sizes depend on the load alone; the texts, by their seed, on the call too, or they would be in the prefix cache.
        sizes = request_sizes(load, count)
        source = PromptSource(seed, max(self.count.words(size) for size, _ in sizes))
        return ((source.prompt(self.count.words(size)), output) for size, output in sizes)


async def _measure(job: BenchJob) -> list[Measurement]:
    measurements: list[Measurement] = []
    async with Connections(job.endpoint.base_url) as connections:
        run = await _prepare(connections, job.endpoint, job.benchmark)
        for index, load in enumerate(job.loads):
            try:
                measurements.append(await run.measure(load, f"{job.folder} {index} {load.label}", job.gpus))
            except BenchError as error:
                raise BenchError(error.message, error.log_tail, measurements) from error
    return measurements


async def _prepare(connections: Connections, endpoint: Endpoint, benchmark: Benchmark) -> _Run:
    speed = await emulated_speed(connections, endpoint.base_url)
    fields: dict[str, Any] = {"temperature": 0.0}
    if endpoint.engine in IGNORE_EOS_ENGINES:
        fields["ignore_eos"] = True
    fields |= benchmark.request_params
    sender = Sender(connections, endpoint.base_url, CHAT, endpoint.model, fields, emulated=speed is not None)
    if speed is not None:
        return _Run(sender, WordCount(), speed, benchmark)
    try:
        async with asyncio.timeout(benchmark.max_time_s):
            sender, count = await calibrate(sender)
    except TimeoutError as error:
        raise BenchError(f"no answer to a request for one token within max_time_s={benchmark.max_time_s:g}") from error
    return _Run(sender, count, None, benchmark)


async def _until_cancelled(work: Coroutine[Any, Any, list[Measurement]], job: BenchJob) -> list[Measurement]:
    task = asyncio.create_task(work)
    while not task.done():
        if job.cancelled():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            raise BenchCancelled("the measurement was cancelled")
        await asyncio.wait({task}, timeout=_CANCEL_POLL_S)
    return task.result()


def _reasons(records: list[RequestRecord], benchmark: Benchmark) -> str:
    reasons = Counter(record.error for record in records if record.error is not None)
    if not reasons:
        return f"none finished within max_time_s={benchmark.max_time_s:g}; raise it, or ask for fewer output tokens"
    return "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(3))


def _cannot(what: str, path: str) -> Diagnostic:
    return diagnostic(
        "AT027", f"benchmark.tool=quick cannot do {what}", path=path, help="use benchmark.tool=genai_bench"
    )
