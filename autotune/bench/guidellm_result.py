"""guidellm's `benchmarks.json`, read by its counts.

`parse_guidellm(text, gpus=1) -> list[Measurement]`, pure, one measurement for each benchmark in the file. Written against
guidellm 0.8.1 (report version 2). guidellm ends with status 0 when every request failed, so a load of which nothing came
back is a measurement with `completed == 0`: the caller has to look, and `why_guidellm_failed` has the first error.

Units, of the requests that succeeded:

| guidellm | unit | here |
|---|---|---|
| `time_to_first_token_ms` | ms | `ttft_ms` |
| `inter_token_latency_ms` | ms | `tpot_ms`: (e2e - TTFT) / (output tokens - 1), weighted by a request's tokens |
| `time_per_output_token_ms` | ms | not used: e2e / output tokens, so TTFT is in it |
| `request_latency` | **s** | `e2e_latency_ms` |
| `requests_per_second`, `output_tokens_per_second`, `tokens_per_second` | 1/s, the mean over the window | rates |
| `duration` | s | `duration_s` |

guidellm gives no gaps between chunks, hence no ITL. Requests that were cut off at the end (`incomplete`) are neither
completed nor failed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autotune.bench.goodput import RequestLatency, goodput, known
from autotune.bench.result_fields import nothing_completed, per_user, scenario_name, statistics, written_by
from autotune.bench.scenario import DATASET
from autotune.metrics import STATISTICS, Load, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMES = {name: name for name in STATISTICS}
_MESSAGE_CHARS = 300


def parse_guidellm(text: str, gpus: int = 1, limits_ms: Mapping[str, float] | None = None) -> list[Measurement]:
    """The measurements of one `benchmarks.json`, in its order; `gpus` is how many the server uses, `limits_ms` what a
    request has to meet to count as goodput.

    Raises ValueError for text that is not such a file.
    """
    with written_by("guidellm"):
        report = json.loads(text)
        scenario = _scenario(report)
        return [_measurement(benchmark, scenario, gpus, limits_ms or {}) for benchmark in report["benchmarks"]]


def why_guidellm_failed(text: str, position: int) -> str:
    """What the first failed request of a benchmark was answered, empty when none failed or the file has no requests."""
    requests = json.loads(text)["benchmarks"][position].get("requests") or {}
    for request in requests.get("errored") or ():
        if message := (request.get("info") or {}).get("error"):
            return " ".join(str(message).split())[:_MESSAGE_CHARS]
    return ""


def _measurement(benchmark: dict[str, Any], scenario: str, gpus: int, limits_ms: Mapping[str, float]) -> Measurement:
    metrics = benchmark["metrics"]
    totals = metrics["request_totals"]
    completed, failed = int(totals["successful"]), int(totals["errored"])
    load = _load(benchmark["config"]["strategy"], scenario)
    duration = float(benchmark["duration"])
    if not completed:
        return nothing_completed(load, failed, duration)
    tpot = _latency(metrics, "inter_token_latency_ms")
    output = _rate(metrics, "output_tokens_per_second")
    return Measurement(
        load=load,
        ttft_ms=_latency(metrics, "time_to_first_token_ms"),
        tpot_ms=tpot,
        e2e_latency_ms=_latency(metrics, "request_latency", scale=1000.0),
        output_tokens_per_s=output,
        output_tokens_per_s_per_gpu=output / max(gpus, 1),
        output_tokens_per_s_per_user=per_user(tpot),
        total_tokens_per_s=_rate(metrics, "tokens_per_second"),
        requests_per_s=_rate(metrics, "requests_per_second"),
        goodput_requests_per_s=goodput(
            _requests(benchmark),
            limits_ms,
            completed=completed,
            requests_per_s=_rate(metrics, "requests_per_second"),
        ),
        error_rate=failed / (completed + failed),
        completed=completed,
        failed=failed,
        duration_s=duration,
    )


def _requests(benchmark: dict[str, Any]) -> Iterator[RequestLatency]:
    """The requests that succeeded, all of them unless the report was told to keep a sample."""
    for item in (benchmark.get("requests") or {}).get("successful") or ():
        single = (item.get("output_tokens") or 0) <= 1
        yield RequestLatency(
            known(item.get("time_to_first_token_ms")),
            0.0 if single else known(item.get("inter_token_latency_ms")),
            1000 * known(item.get("request_latency")),
        )


def _load(strategy: dict[str, Any], scenario: str) -> Load:
    """`synchronous` sends one request after another, `throughput` as many at once as it may, `constant` and `poisson` at a rate."""
    if strategy.get("rate") is not None:
        return Load(scenario, request_rate=float(strategy["rate"]))
    if strategy["type_"] == "synchronous":
        return Load(scenario, concurrency=1)
    number = strategy.get("streams") or strategy.get("max_concurrency")
    return Load(scenario, concurrency=None if number is None else int(number))


def _scenario(report: dict[str, Any]) -> str:
    data = ((report.get("config") or {}).get("spec") or {}).get("data") or []
    source = data[0] if len(data) == 1 and isinstance(data[0], dict) else {}
    if source.get("kind") != "synthetic_text":
        return DATASET
    return scenario_name(
        source.get("prompt_tokens"),
        source.get("output_tokens"),
        source.get("prompt_tokens_stdev"),
        source.get("output_tokens_stdev"),
    )


def _latency(metrics: dict[str, Any], name: str, scale: float = 1.0) -> dict[str, float]:
    found = (metrics.get(name) or {}).get("successful") or {}
    if not found.get("count"):  # a request of one token has no gap: the zeros then are no measurement
        return {}
    return statistics({"mean": found["mean"], **found["percentiles"]}, _NAMES, scale)


def _rate(metrics: dict[str, Any], name: str) -> float:
    return float(metrics[name]["successful"]["mean"])
