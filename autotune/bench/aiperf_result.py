"""aiperf's summary file, read by its counts."""

from __future__ import annotations

import json
import math
from itertools import repeat
from typing import Any

from autotune.bench.errors import BenchError
from autotune.bench.repeats import count_errors
from autotune.metrics import STATISTICS, Load, Measurement

_TO_MS = {"ms": 1.0, "sec": 1000.0, "s": 1000.0, "us": 0.001, "ns": 1e-6}


def parse_profile(data: dict[str, Any], scenario: str, gpus: int) -> Measurement:
    """One `profile_export_aiperf.json` of aiperf 0.13.0 as a measurement.

    Each metric names its unit; means are called avg. Its `inter_token_latency` is what others call TPOT, (last - first
    token) / (tokens - 1) of each request, and `inter_chunk_latency` the gaps between chunks. Rates are over
    `benchmark_duration`: the whole run with its tail. Raises BenchError when no request completed.
    """
    completed, failed = int(_value(data, "request_count", 0)), int(_value(data, "error_request_count", 0))
    errors = _errors(data)
    if not completed:
        raise BenchError(f"no request completed: {'; '.join(errors) or 'none was answered in time'}")
    tpot, output = _latency(data, "inter_token_latency"), _value(data, "output_token_throughput")
    duration = _value(data, "benchmark_duration")
    tokens = _value(data, "total_isl") + _value(data, "total_osl")
    return Measurement(
        load=_load(data, scenario),
        ttft_ms=_latency(data, "time_to_first_token"),
        tpot_ms=tpot,
        itl_ms=_latency(data, "inter_chunk_latency"),
        e2e_latency_ms=_latency(data, "request_latency"),
        output_tokens_per_s=output,
        output_tokens_per_s_per_gpu=output / max(gpus, 1),
        output_tokens_per_s_per_user=1000 / tpot["mean"] if tpot.get("mean") else math.nan,
        total_tokens_per_s=tokens / duration,
        requests_per_s=_value(data, "request_throughput"),
        error_rate=failed / (completed + failed),
        completed=completed,
        failed=failed,
        duration_s=duration,
        errors=errors,
    )


def record_errors(lines: str) -> tuple[str, ...]:
    """`count x reason` of the failed requests in a `profile_export.jsonl`."""
    records = [json.loads(line) for line in lines.splitlines() if line.strip()]
    return count_errors(_reason(record["error"]) for record in records if record.get("error"))


def _load(data: dict[str, Any], scenario: str) -> Load:
    phases = data["input_config"]["phases"]
    [phase] = [item for item in phases if item.get("kind", item.get("name")) == "profiling"]
    if phase.get("rate") is not None:
        return Load(scenario, request_rate=float(phase["rate"]))
    return Load(scenario, concurrency=int(phase.get("concurrency") or 1))


def _value(data: dict[str, Any], name: str, default: float = math.nan) -> float:
    return float((data.get(name) or {}).get("avg", default))


def _latency(data: dict[str, Any], name: str) -> dict[str, float]:
    found = data.get(name)
    if not found:
        return {}
    scale, values = _TO_MS[found["unit"]], found | {"mean": found.get("avg")}
    return {key: float(values[key]) * scale for key in STATISTICS if values.get(key) is not None}


def _errors(data: dict[str, Any]) -> tuple[str, ...]:
    return count_errors(
        reason
        for item in data.get("error_summary") or ()
        for reason in repeat(_reason(item["error_details"]), int(item["count"]))
    )


def _reason(details: dict[str, Any]) -> str:
    return f"{details.get('code') or ''} {details.get('type') or ''}: {details.get('message') or ''}".strip(" :")
