"""The result file of `vllm bench serve`, read by its counts."""

from __future__ import annotations

import math
from typing import Any

from autotune.bench.errors import BenchError
from autotune.bench.repeats import count_errors
from autotune.metrics import STATISTICS, Load, Measurement


def parse_result(data: dict[str, Any], scenario: str, gpus: int) -> Measurement:
    """One `--save-result` file of vLLM 0.32 as a measurement.

    Latencies are in ms, e2e latency is called e2el; `request_rate` is the text `inf` in a closed loop. Rates are over
    `duration`: the whole run with its tail. Reasons of failures are there with `--save-detailed` only. Raises BenchError
    when no request completed; the exit status and the statistics, all zero, do not say so.
    """
    completed, failed = int(data["completed"]), int(data.get("failed") or 0)
    errors = count_errors(error.strip().rpartition("\n")[2] for error in data.get("errors") or () if error)
    if not completed:
        reasons = "; ".join(errors) or (f"{failed} failed" if failed else "none was answered")
        raise BenchError(f"no request completed: {reasons}")
    tpot, output = _latency(data, "tpot"), float(data["output_throughput"])
    return Measurement(
        load=_load(data, scenario),
        ttft_ms=_latency(data, "ttft"),
        tpot_ms=tpot,
        itl_ms=_latency(data, "itl"),
        e2e_latency_ms=_latency(data, "e2el"),
        output_tokens_per_s=output,
        output_tokens_per_s_per_gpu=output / max(gpus, 1),
        output_tokens_per_s_per_user=1000 / tpot["mean"] if tpot.get("mean") else math.nan,
        total_tokens_per_s=float(data["total_token_throughput"]),
        requests_per_s=float(data["request_throughput"]),
        error_rate=failed / (completed + failed),
        completed=completed,
        failed=failed,
        duration_s=float(data["duration"]),
        errors=errors,
    )


def _load(data: dict[str, Any], scenario: str) -> Load:
    rate = float(data.get("request_rate") or "inf")
    if math.isfinite(rate):
        return Load(scenario, request_rate=rate)
    return Load(scenario, concurrency=int(data.get("max_concurrency") or data["num_prompts"]))


def _latency(data: dict[str, Any], name: str) -> dict[str, float]:
    found = {key: data.get(f"{key}_{name}_ms") for key in STATISTICS}
    return {key: float(value) for key, value in found.items() if value is not None}
