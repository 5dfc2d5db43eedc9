"""The built-in load client: small, streaming, in the base install."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from autotune.bench.connections import Connections
from autotune.bench.drive import Drive, closed_loop, open_loop
from autotune.bench.emulated import rescale
from autotune.bench.errors import BenchCancelled, BenchError
from autotune.bench.fields import request_fields
from autotune.bench.loads import arrival_times
from autotune.bench.probe import WordCount, calibrate, emulated_speed
from autotune.bench.prompted import Texts, read_prompts
from autotune.bench.repeats import count_errors
from autotune.bench.stream import CHAT, Sender
from autotune.bench.summary import RequestRecord, summarize
from autotune.check.clients import client_problems
from autotune.diagnostics import Diagnostic, InputError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from autotune.bench.client import BenchJob
    from autotune.bench.dataset import Prompt
    from autotune.metrics import Load, Measurement
    from autotune.schema import Benchmark

T = TypeVar("T")

_CANCEL_POLL_S = 0.05
#: How much later than its own clock a load on an emulated server may end, in s, because a loaded machine keeps the client busy.
_EMULATED_PATIENCE_S = 10.0
#: Connections that an open loop starts with; it makes more when it needs them.
_OPEN_LOOP_CONNECTIONS = 16


class QuickClient:
    """Puts a closed or open loop of streamed requests on a server; see docs/benchmarking.md for its definitions."""

    def preflight(self, benchmark: Benchmark) -> list[Diagnostic]:
        """What of this benchmark the client cannot do, and a data set that cannot be used."""
        found = list(client_problems("quick", benchmark))
        try:
            read_prompts(benchmark)
        except InputError as error:
            found += error.diagnostics
        return found

    def measure(self, job: BenchJob) -> list[Measurement]:
        """Every load in turn. Raises BenchError when a load had no request that completed, BenchCancelled on cancel.

        An emulated server (it says so in a header) is measured by its own clock, limits and rates are taken in
        emulated time, and the measurements are marked emulated.
        """
        return asyncio.run(_until_cancelled(_measure(job), job))


@dataclass(frozen=True, slots=True)
class Approach:
    """How a server is spoken to: the request path that it takes, and the requests that it gets."""

    path: str
    texts: Texts


async def approach(job: BenchJob, load: Load, position: int, prompts: Sequence[Prompt]) -> Approach:
    """Find out how a server is spoken to, and send it the warm-up requests of this load, whatever comes of them."""
    async with Connections(job.endpoint.base_url) as connections:
        run = await _prepare(connections, job, prompts)
        if job.benchmark.warmup:
            await run.warm_up(load, f"{job.folder} {position} warmup", position)
        return Approach(run.sender.path, run.texts)


def approach_until_cancelled(job: BenchJob, load: Load, position: int, prompts: Sequence[Prompt]) -> Approach:
    """`approach` for clients that are commands. Raises BenchCancelled when the job is."""
    return asyncio.run(_until_cancelled(approach(job, load, position, prompts), job))


@dataclass(frozen=True, slots=True)
class _Run:
    """One server, ready to be measured."""

    sender: Sender
    texts: Texts
    speed: float | None
    benchmark: Benchmark
    limits_ms: Mapping[str, float]

    async def warm_up(self, load: Load, seed: str, position: int) -> None:
        count = self.benchmark.warmup
        slots = min(count, load.concurrency or count)
        requests = self.texts.requests(load, count, seed, position * (count + self.benchmark.max_requests))
        await closed_loop(self.sender, requests, count, slots, self._limit_s, patience_s=self._patience_s)

    async def measure(self, load: Load, seed: str, gpus: int, position: int) -> Measurement:
        benchmark = self.benchmark
        if benchmark.warmup:
            await self.warm_up(load, f"{seed} warmup", position)
        start = position * (benchmark.warmup + benchmark.max_requests) + benchmark.warmup
        requests = self.texts.requests(load, benchmark.max_requests, seed, start)
        await self.sender.connections.open(min(load.concurrency or _OPEN_LOOP_CONNECTIONS, benchmark.max_requests))
        if load.request_rate is not None:
            arrivals = arrival_times(load.request_rate * (self.speed or 1.0), benchmark.max_requests)
            drive = await open_loop(self.sender, requests, arrivals, self._limit_s, patience_s=self._patience_s)
        else:
            total = benchmark.max_requests
            slots = min(load.concurrency or 1, total)
            drive = await closed_loop(self.sender, requests, total, slots, self._limit_s, patience_s=self._patience_s)
        return self._summary(drive, load, gpus)

    def _summary(self, drive: Drive, load: Load, gpus: int) -> Measurement:
        if not any(record.completed for record in drive.records):
            raise BenchError(f"{load.label}: no request completed: {_reasons(drive.records, self.benchmark)}")
        limits_ms = {name: limit / (self.speed or 1.0) for name, limit in self.limits_ms.items()}
        measurement = summarize(
            drive.records, load, start=drive.start, end=drive.end, gpus=gpus, kind="measured", limits_ms=limits_ms
        )
        return measurement if self.speed is None else rescale(measurement, self.speed)

    @property
    def _limit_s(self) -> float:
        return self.benchmark.max_time_s / (self.speed or 1.0)

    @property
    def _patience_s(self) -> float:
        return 0.0 if self.speed is None else _EMULATED_PATIENCE_S


async def _measure(job: BenchJob) -> list[Measurement]:
    measurements: list[Measurement] = []
    async with Connections(job.endpoint.base_url) as connections:
        run = await _prepare(connections, job, read_prompts(job.benchmark))
        for index, load in enumerate(job.loads):
            try:
                measurements.append(await run.measure(load, f"{job.folder} {index} {load.label}", job.gpus, index))
            except BenchError as error:
                raise BenchError(error.message, error.log_tail, measurements) from error
    return measurements


async def _prepare(connections: Connections, job: BenchJob, prompts: Sequence[Prompt]) -> _Run:
    endpoint, benchmark = job.endpoint, job.benchmark
    speed = await emulated_speed(connections, endpoint.base_url)
    fields = request_fields(endpoint.engine, benchmark)
    sender = Sender(connections, endpoint.base_url, CHAT, endpoint.model, fields, emulated=speed is not None)
    if speed is not None:
        return _Run(sender, Texts(WordCount(), prompts, job.osl), speed, benchmark, job.limits_ms)
    try:
        async with asyncio.timeout(benchmark.max_time_s):
            sender, count = await calibrate(sender)
    except TimeoutError as error:
        raise BenchError(f"no answer to a request for one token within max_time_s={benchmark.max_time_s:g}") from error
    return _Run(sender, Texts(count, prompts, job.osl), None, benchmark, job.limits_ms)


async def _until_cancelled(work: Coroutine[Any, Any, T], job: BenchJob) -> T:
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
    reasons = count_errors(record.error for record in records if record.error is not None)
    if not reasons:
        return f"none finished within max_time_s={benchmark.max_time_s:g}; raise it, or ask for fewer output tokens"
    return "; ".join(reasons)
