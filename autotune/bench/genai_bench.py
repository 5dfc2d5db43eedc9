"""genai-bench as load client: its own command, in its own environment, read by its counts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from autotune.bench.command import log_tail
from autotune.bench.errors import BenchError
from autotune.bench.fields import IGNORE_EOS_ENGINES
from autotune.bench.genai_bench_result import read_results
from autotune.bench.prompted import read_prompts
from autotune.bench.quick import approach_until_cancelled
from autotune.bench.scenario import DATASET
from autotune.bench.site import HERE
from autotune.check.clients import client_problems
from autotune.diagnostics import Diagnostic, InputError, diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from autotune.bench.client import BenchJob
    from autotune.bench.dataset import Prompt
    from autotune.bench.site import Site
    from autotune.metrics import Load, Measurement
    from autotune.schema import Benchmark

COMMAND = "genai-bench"
_PROMPTS = "prompts.json"

#: Time that genai-bench needs for itself, in s: imports, tokenizer, tables and plots; and per load: ramp-up and pause.
_OVERHEAD_S = 300.0
_OVERHEAD_PER_LOAD_S = 30.0


class GenaiBenchClient:
    """Runs `genai-bench benchmark`, once for all concurrencies of a scenario."""

    def preflight(self, benchmark: Benchmark, site: Site = HERE) -> list[Diagnostic]:
        """What is missing where it is to run, and what of this benchmark genai-bench 0.0.5 cannot do."""
        found: list[Diagnostic] = []
        if site.find(COMMAND, benchmark.bin_dir) is None:
            where = "PATH" if benchmark.bin_dir is None else f"{benchmark.bin_dir} or PATH"
            found.append(
                diagnostic("AT030", f"benchmark.tool=genai_bench needs the command {COMMAND}, which is not in {where}",
                           path="benchmark.tool", help="install `llm-autotune[bench]`, or set benchmark.bin_dir to the "
                           "folder that holds it, or use benchmark.tool=quick, which is built in")
            )  # fmt: skip
        found += client_problems("genai_bench", benchmark)
        try:
            lengths = {prompt.output_tokens for prompt in read_prompts(benchmark)}
        except InputError as error:
            found += error.diagnostics
        else:
            if len(lengths) > 1:
                found.append(
                    diagnostic("AT047", "benchmark.tool=genai_bench asks for the same number of output tokens in every request, "
                               "and the prompts of the data set want different ones", path="benchmark.dataset",
                               help="use another client, or leave the output tokens out of the data set")
                )  # fmt: skip
        return found

    def measure(self, job: BenchJob) -> list[Measurement]:
        """Every load in turn. Raises InputError when the command is missing, BenchError when a load gave nothing."""
        if problems := self.preflight(job.benchmark, job.site):
            raise InputError(*problems)
        measured: dict[int, Measurement] = {}
        prompts = read_prompts(job.benchmark)
        for number, batch in enumerate(_batches(job.loads)):
            try:
                loads = [job.loads[index] for index in batch]
                results = _run(job, loads, job.folder / f"run{number}", batch[-1], prompts)
            except BenchError as error:
                raise type(error)(error.message, error.log_tail, [*measured.values(), *error.measurements]) from error
            measured |= {index: results[job.loads[index]] for index in batch}
        return [measured[index] for index in range(len(job.loads))]


def command_line(job: BenchJob, loads: Sequence[Load], prompts: Sequence[Prompt] = ()) -> list[str]:
    """The command that measures these loads of one scenario, results in `results` of the folder that it runs in.

    `--max-time-per-run` is a whole number of minutes, so `max_time_s` is rounded up; the request limit ends a run
    earlier, but is looked at once a second, so that a fast server answers more requests than asked for.
    """
    benchmark, endpoint = job.benchmark, job.endpoint
    scenario = loads[0].scenario
    params: dict[str, Any] = {"temperature": 0.0}
    if scenario == DATASET:
        # In this mode genai-bench asks for no length of its own.
        params["max_tokens"] = (prompts[0].output_tokens if prompts else None) or job.osl
        if endpoint.engine in IGNORE_EOS_ENGINES:
            params["ignore_eos"] = True
    argv = [
        job.site.find(COMMAND, benchmark.bin_dir) or COMMAND, "benchmark",
        "--api-backend", api_backend(endpoint.engine, benchmark),
        "--api-base", job.site.address(endpoint.base_url),
        "--api-key", "none",
        "--api-model-name", endpoint.model,
        "--model", endpoint.model,
        "--model-tokenizer", endpoint.tokenizer,
        "--task", benchmark.task,
        "--traffic-scenario", scenario,
        "--max-time-per-run", str(_minutes(benchmark)),
        "--max-requests-per-run", str(benchmark.max_requests),
        "--metrics-time-unit", "ms",
        "--additional-request-params", json.dumps(params | benchmark.request_params),
        "--experiment-base-dir", ".",
        "--experiment-folder-name", "results",
        "--log-dir", ".",
    ]  # fmt: skip
    for load in loads:
        argv += ["--num-concurrency", str(load.concurrency)]
    if scenario == DATASET:
        argv += ["--dataset-path", _PROMPTS]
    return argv


def api_backend(engine: str, benchmark: Benchmark) -> str:
    """The `--api-backend` for an engine.

    All of them are the same OpenAI client, which sends `ignore_eos` for `vllm` and `sglang` only, and then always:
    transformers answers 422 to it; TensorRT-LLM takes it, so it goes as vllm.
    """
    if engine not in IGNORE_EOS_ENGINES or benchmark.request_params.get("ignore_eos") is False:
        return "openai"
    return "sglang" if engine == "sglang" else "vllm"


def _run(
    job: BenchJob, loads: Sequence[Load], folder: Path, position: int, prompts: Sequence[Prompt]
) -> dict[Load, Measurement]:
    benchmark = job.benchmark
    folder.mkdir(parents=True, exist_ok=True)
    if loads[0].scenario == DATASET:
        (folder / _PROMPTS).write_text(json.dumps([prompt.text for prompt in prompts]))
    if benchmark.warmup:
        # genai-bench drops the first requests from its statistics but not their time from its rates, so they are sent
        # before it starts.
        approach_until_cancelled(job, loads[-1], position, prompts)
    log = folder / f"{COMMAND}.log"
    status = job.site.run(
        job,
        command_line(job, loads, prompts),
        folder=folder,
        log=log,
        env={"ENABLE_UI": "false"},
        timeout_s=_OVERHEAD_S + len(loads) * (60 * _minutes(benchmark) + _OVERHEAD_PER_LOAD_S),
    )
    results, problems = read_results(folder / "results", job.gpus, job.clock_limits_ms)
    missing = [load for load in loads if load not in results]
    if missing:
        reason = "; ".join(problems) or f"{COMMAND} ended with status {status} and left no result"
        labels = ", ".join(load.label for load in missing)
        earlier = [results[load] for load in loads if load in results]
        raise BenchError(f"not measured: {labels}: {reason}", log_tail(log), earlier)
    return results


def _batches(loads: Sequence[Load]) -> list[list[int]]:
    """Positions of the loads that one run can measure: of one scenario, and none twice (results are told by load)."""
    batches: dict[tuple[str, int], list[int]] = {}
    for index, load in enumerate(loads):
        batches.setdefault((load.scenario, loads[:index].count(load)), []).append(index)
    return list(batches.values())


def _minutes(benchmark: Benchmark) -> int:
    return math.ceil(benchmark.max_time_s / 60)
