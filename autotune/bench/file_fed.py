"""Load clients that are commands of their own and take the requests of a load as a file.

Every such client gets the same requests as the built-in one: prompts of the sizes that the scenario asks for, or the data
set's, written in the format that the tool reads. One run of the tool measures one load, because a run of several would
send the same prompts again, and the prefix cache would answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from autotune.bench.command import log_tail
from autotune.bench.errors import BenchError
from autotune.bench.fields import request_fields
from autotune.bench.prompted import read_prompts
from autotune.bench.quick import approach_until_cancelled
from autotune.bench.repeats import count_errors
from autotune.bench.site import HERE
from autotune.check.clients import client_problems
from autotune.diagnostics import Diagnostic, InputError, diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from autotune.bench.client import BenchJob
    from autotune.bench.dataset import Prompt
    from autotune.bench.drive import Request
    from autotune.bench.site import Site
    from autotune.metrics import Load, Measurement
    from autotune.schema import Benchmark

#: Time that a tool needs for itself, in s: imports (torch), tokenizer, worker processes, reports.
_OVERHEAD_S = 240.0


@dataclass(frozen=True, slots=True)
class Order:
    """One run of a tool: a load, its requests, and the folder that is its own, in which its command runs. `path` is
    `/v1/chat/completions` or `/v1/completions`, `fields` are those of each request's body beside the prompt.
    """

    command: str
    job: BenchJob
    load: Load
    requests: Sequence[Request]
    path: str
    fields: Mapping[str, Any]
    folder: Path

    @property
    def slots(self) -> int:
        """Requests in flight in a closed loop; no more than there are."""
        return min(self.load.concurrency or 1, len(self.requests))


class Tool(Protocol):
    """What is particular to one such client."""

    @property
    def name(self) -> str:
        """Its `benchmark.tool`."""
        ...

    @property
    def command(self) -> str:
        """Its executable."""
        ...

    @property
    def install(self) -> str:
        """What to install where the command is missing."""
        ...

    def prepare(self, order: Order) -> list[str]:
        """Write the tool's files into the order's folder; the command line that then measures, its paths relative to it."""
        ...

    def environment(self, order: Order) -> Mapping[str, str | None]:
        """What is laid over the job's environment; None removes a variable."""
        ...

    def read(self, order: Order) -> Measurement:
        """What came out, by its counts. Raises OSError or ValueError for files that are not there or not as expected."""
        ...

    def reasons(self, order: Order) -> Iterable[str]:
        """Why requests failed, one reason for each."""
        ...


@dataclass(frozen=True, slots=True)
class FileFedClient:
    """A tool as load client."""

    tool: Tool

    def preflight(self, benchmark: Benchmark, site: Site = HERE) -> list[Diagnostic]:
        """What is missing where the tool is to run, what the tool cannot do, and a data set that cannot be used."""
        tool, found = self.tool, []
        if site.find(tool.command, benchmark.bin_dir) is None:
            where = "PATH" if benchmark.bin_dir is None else f"{benchmark.bin_dir} or PATH"
            found.append(
                diagnostic("AT030", f"benchmark.tool={tool.name} needs the command {tool.command}, which is not in {where}",
                           path="benchmark.tool", help=f"`pip install {tool.install}` into an environment of its own and set "
                           "benchmark.bin_dir to its bin folder, or use benchmark.tool=quick, which is built in")
            )  # fmt: skip
        found += client_problems(tool.name, benchmark)
        try:
            read_prompts(benchmark)
        except InputError as error:
            found += error.diagnostics
        return found

    def measure(self, job: BenchJob) -> list[Measurement]:
        """Every load in turn. Raises InputError when the command is missing, BenchError when a load gave nothing."""
        if problems := self.preflight(job.benchmark, job.site):
            raise InputError(*problems)
        prompts = read_prompts(job.benchmark)
        measured: list[Measurement] = []
        for position, load in enumerate(job.loads):
            try:
                measured.append(self._measure(job, load, position, prompts))
            except BenchError as error:
                raise type(error)(error.message, error.log_tail, measured) from error
        return measured

    def _measure(self, job: BenchJob, load: Load, position: int, prompts: Sequence[Prompt]) -> Measurement:
        folder = job.folder / f"run{position}"
        folder.mkdir(parents=True, exist_ok=True)
        order = make_order(self.tool, job, load, position, prompts)
        log = order.folder / f"{self.tool.command}.log"
        argv = self.tool.prepare(order)
        status = job.site.run(
            job,
            argv,
            folder=order.folder,
            log=log,
            # The servers that are measured here ask for no key, and other people's keys are not for them.
            env={"OPENAI_API_KEY": None, "DO_NOT_TRACK": "1", **self.tool.environment(order)},
            timeout_s=_OVERHEAD_S + job.benchmark.max_time_s,
        )
        try:
            found = self.tool.read(order)
            errors = count_errors(self.tool.reasons(order)) if found.failed else ()
        except BenchError as error:
            raise BenchError(f"{load.label}: {error.message}", log_tail(log)) from error
        except (OSError, ValueError) as error:
            reason = "left no result" if isinstance(error, FileNotFoundError) else f"left a result that cannot be read ({type(error).__name__}: {error})"  # fmt: skip
            raise BenchError(f"{load.label}: {self.tool.command} ended with status {status} and {reason}", log_tail(log)) from error  # fmt: skip
        if not found.completed:
            why = "; ".join(errors) or "none was answered in time"
            raise BenchError(f"{load.label}: no request completed: {why}", log_tail(log))
        return replace(found, load=load, errors=errors)


def make_order(tool: Tool, job: BenchJob, load: Load, position: int, prompts: Sequence[Prompt]) -> Order:
    """The run of a tool for one load; asks the server how it is spoken to, and warms it up."""
    benchmark, folder = job.benchmark, (job.folder / f"run{position}").absolute()
    way = approach_until_cancelled(job, load, position, prompts)
    count = planned_requests(benchmark, load)
    start = position * (benchmark.warmup + benchmark.max_requests) + benchmark.warmup
    requests = list(way.texts.requests(load, count, f"{job.folder} {position} {load.label}", start))
    command = job.site.find(tool.command, benchmark.bin_dir) or tool.command
    seen = replace(job.endpoint, base_url=job.site.address(job.endpoint.base_url))
    return Order(
        command,
        replace(job, endpoint=seen),
        load,
        requests,
        way.path,
        request_fields(job.endpoint.engine, benchmark),
        folder,
    )


def planned_requests(benchmark: Benchmark, load: Load) -> int:
    """The requests of one run: an open loop sends no more than arrive within the time limit."""
    if load.request_rate is None:
        return benchmark.max_requests
    return max(1, min(benchmark.max_requests, math.ceil(load.request_rate * benchmark.max_time_s)))
