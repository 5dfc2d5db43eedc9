"""The JSON that `vllm bench serve --save-result` writes, read by its counts.

`parse_vllm_bench(text, gpus=1, scenario=None) -> list[Measurement]`, pure. Written against vLLM 0.32, whose `vllm bench sweep`
writes the same object as `run=N.json` and a list of them as `summary.json`; both are read, one measurement for each
object. vLLM ends with status 0 when every request failed, so a load of which nothing came back is a measurement with
`completed == 0` (the file has zeros for its latencies): the caller has to look, and `why_vllm_bench_failed` has the first
error where the file was saved with `--save-detailed`.

Units:

| vLLM | unit | here |
|---|---|---|
| `mean_ttft_ms`, `median_ttft_ms`, `pNN_ttft_ms` | ms | `ttft_ms` (median is p50; by default only p99 is written beside) |
| `*_tpot_ms` | ms | `tpot_ms`: (e2e - TTFT) / (output tokens - 1), the mean over requests |
| `*_itl_ms` | ms | `itl_ms`: gaps between chunks, whatever a chunk holds |
| `*_e2el_ms` | ms | `e2e_latency_ms` |
| `latencies`, `queue_times` | **s** | not used |
| `request_throughput`, `output_throughput`, `total_token_throughput` | 1/s | rates |
| `duration` | s | `duration_s` |

The file does not say which traffic was asked for. Without `scenario` it is `D(in,out)` with the mean tokens of the
requests that completed, a chat template's included. `request_rate` is the text `inf` when all are sent at once: the load
then is a concurrency, `max_concurrency` or else the number of prompts.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from autotune.bench.goodput import RequestLatency, goodput
from autotune.bench.result_fields import nothing_completed, per_user, scenario_name, statistics, written_by
from autotune.metrics import STATISTICS, Load, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MESSAGE_CHARS = 300


def parse_vllm_bench(
    text: str, gpus: int = 1, scenario: str | None = None, limits_ms: Mapping[str, float] | None = None
) -> list[Measurement]:
    """The measurements of one result file, in its order; `gpus` is how many the server uses, `limits_ms` what a request
    has to meet to count as goodput (from a file that was saved with `--save-detailed`).

    Raises ValueError for text that is not such a file.
    """
    with written_by("vllm bench serve"):
        return [_measurement(run, gpus, scenario, limits_ms or {}) for run in runs_in(text)]


def why_vllm_bench_failed(text: str, position: int = 0) -> str:
    """What the first failed request was answered, empty when none failed or the file does not say."""
    message = next((error for error in runs_in(text)[position].get("errors") or () if error), "")
    return " ".join(str(message).split())[:_MESSAGE_CHARS]


def runs_in(text: str) -> list[dict[str, Any]]:
    """The objects of a result file: one, or a list of them."""
    data = json.loads(text)
    return data if isinstance(data, list) else [data]


def _measurement(run: dict[str, Any], gpus: int, scenario: str | None, limits_ms: Mapping[str, float]) -> Measurement:
    completed, failed = int(run["completed"]), int(run["failed"])
    load = _load(run, completed, scenario)
    duration = float(run["duration"])
    if not completed:
        return nothing_completed(load, failed, duration)
    tpot = _latency(run, "tpot")
    output = float(run["output_throughput"])
    return Measurement(
        load=load,
        ttft_ms=_latency(run, "ttft"),
        tpot_ms=tpot,
        itl_ms=_latency(run, "itl"),
        e2e_latency_ms=_latency(run, "e2el"),
        output_tokens_per_s=output,
        output_tokens_per_s_per_gpu=output / max(gpus, 1),
        output_tokens_per_s_per_user=per_user(tpot),
        total_tokens_per_s=float(run["total_token_throughput"]),
        requests_per_s=float(run["request_throughput"]),
        goodput_requests_per_s=goodput(
            _requests(run), limits_ms, completed=completed, requests_per_s=float(run["request_throughput"])
        ),
        error_rate=failed / (completed + failed),
        completed=completed,
        failed=failed,
        duration_s=duration,
    )


def _requests(run: dict[str, Any]) -> Iterator[RequestLatency]:
    """The requests that completed: their lists have a place for each request, and an error where one failed."""
    names = ("errors", "ttfts", "latencies", "output_lens")
    if any(not isinstance(run.get(name), list) for name in names):
        return
    for error, first_s, whole_s, tokens in zip(*(run[name] for name in names), strict=True):
        if not error:
            each_s = (whole_s - first_s) / (tokens - 1) if tokens > 1 else 0.0
            yield RequestLatency(1000 * first_s, 1000 * each_s, 1000 * whole_s)


def _load(run: dict[str, Any], completed: int, scenario: str | None) -> Load:
    if scenario is None:
        each = max(completed, 1)
        scenario = scenario_name(run["total_input_tokens"] / each, run["total_output_tokens"] / each)
    rate = run.get("request_rate")
    if isinstance(rate, (int, float)) and math.isfinite(rate):
        return Load(scenario, concurrency=run.get("max_concurrency"), request_rate=float(rate))
    return Load(scenario, concurrency=run.get("max_concurrency") or run["num_prompts"])


def _latency(run: dict[str, Any], name: str) -> dict[str, float]:
    names = {statistic: f"{statistic}_{name}_ms" for statistic in STATISTICS}
    return statistics({f"p50_{name}_ms": run.get(f"median_{name}_ms"), **run}, names)
