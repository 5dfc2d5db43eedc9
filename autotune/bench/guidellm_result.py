"""guidellm's report, read by its counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autotune.bench.errors import BenchError
from autotune.bench.repeats import count_errors
from autotune.metrics import STATISTICS, Load, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator


def parse_benchmark(data: dict[str, Any], scenario: str, gpus: int) -> Measurement:
    """One element of `benchmarks` in the JSON report of guidellm 0.8.1 as a measurement.

    `request_latency` is in seconds, names that end in `_ms` are in ms. Its `time_per_output_token_ms` has the first
    token in it (latency / tokens); what others call TPOT, (last - first token) / (tokens - 1), is its
    `inter_token_latency_ms`, whose mean is over tokens and not over requests. It has no gaps between chunks. Rates are
    what completed, over `duration`: the whole run with its tail. Raises BenchError when no request completed.
    """
    metrics, totals = data["metrics"], data["metrics"]["request_totals"]
    completed, failed = int(totals["successful"]), int(totals["errored"])
    errors = count_errors(_errors(data))
    if not completed:
        raise BenchError(f"no request completed: {'; '.join(errors) or 'none was answered in time'}")
    tpot = _latency(metrics, "inter_token_latency_ms", 1.0)
    duration = float(data["duration"])
    output = float(metrics["output_token_count"]["successful"]["total_sum"])
    total = output + float(metrics["prompt_token_count"]["successful"]["total_sum"])
    return Measurement(
        load=_load(data["config"]["strategy"], scenario),
        ttft_ms=_latency(metrics, "time_to_first_token_ms", 1.0),
        tpot_ms=tpot,
        e2e_latency_ms=_latency(metrics, "request_latency", 1000.0),
        output_tokens_per_s=output / duration,
        output_tokens_per_s_per_gpu=output / duration / max(gpus, 1),
        output_tokens_per_s_per_user=1000 / tpot["mean"] if tpot.get("mean") else math.nan,
        total_tokens_per_s=total / duration,
        requests_per_s=completed / duration,
        error_rate=failed / (completed + failed),
        completed=completed,
        failed=failed,
        duration_s=duration,
        errors=errors,
    )


def _load(strategy: dict[str, Any], scenario: str) -> Load:
    if strategy.get("rate") is not None:
        return Load(scenario, request_rate=float(strategy["rate"]))
    return Load(scenario, concurrency=int(strategy.get("streams") or strategy.get("max_concurrency") or 1))


def _latency(metrics: dict[str, Any], name: str, to_ms: float) -> dict[str, float]:
    found = (metrics.get(name) or {}).get("successful") or {}
    if not found.get("count"):
        return {}
    values = {"mean": found.get("mean"), "p50": found.get("median")} | (found.get("percentiles") or {})
    return {key: float(values[key]) * to_ms for key in STATISTICS if values.get(key) is not None}


def _errors(data: dict[str, Any]) -> Iterator[str]:
    for request in (data.get("requests") or {}).get("errored") or ():
        yield str(request.get("error") or (request.get("info") or {}).get("error") or "no reason given")
