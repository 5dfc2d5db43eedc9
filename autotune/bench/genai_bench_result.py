"""genai-bench's result files, read by their counts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from autotune.bench.errors import BenchError
from autotune.bench.goodput import RequestLatency, goodput, known
from autotune.bench.repeats import count_errors
from autotune.metrics import STATISTICS, Load, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: What a value in genai-bench's time unit is multiplied by to give ms.
_TO_MS = {"s": 1000.0, "ms": 1.0}
_MESSAGE_CHARS = 300


def parse_result(data: dict[str, Any], gpus: int, limits_ms: Mapping[str, float] | None = None) -> Measurement:
    """One `*_time_*s.json` (or `debug_for_run_*.json`) of genai-bench 0.0.5 as a measurement.

    Latencies are in the unit that `_time_unit` names (`read_results` fills it in from experiment_metadata.json for
    files without it); `run_duration` is in seconds whatever the unit. `error_rate` and `num_requests` of the file are not
    used: the first is computed before the second is known and always says 0. Counts are, and a result in which no
    request completed raises BenchError with the status codes. genai-bench gives no ITL. `limits_ms` say what a request has to
    meet to count as goodput.
    """
    found = data["aggregated_metrics"]
    load = Load(found["scenario"], concurrency=found["num_concurrency"])
    errors: dict[str, int] = found.get("error_codes_frequency") or {}
    completed, failed = int(found["num_completed_requests"]), sum(errors.values())
    if not completed:
        raise BenchError(f"{load.label}: no request completed: {_reasons(data, errors)}")
    scale = _TO_MS[data.get("_time_unit") or "s"]
    tpot = _latency(found, "tpot", scale)
    output = float(found["mean_output_throughput_tokens_per_s"])
    return Measurement(
        load=load,
        ttft_ms=_latency(found, "ttft", scale),
        tpot_ms=tpot,
        e2e_latency_ms=_latency(found, "e2e_latency", scale),
        output_tokens_per_s=output,
        output_tokens_per_s_per_gpu=output / max(gpus, 1),
        output_tokens_per_s_per_user=1000 / tpot["mean"] if tpot.get("mean") else math.nan,
        total_tokens_per_s=float(found["mean_total_tokens_throughput_tokens_per_s"]),
        requests_per_s=float(found["requests_per_second"]),
        goodput_requests_per_s=goodput(
            _requests(data, scale),
            limits_ms or {},
            completed=completed,
            requests_per_s=float(found["requests_per_second"]),
        ),
        error_rate=failed / (completed + failed),
        completed=completed,
        failed=failed,
        duration_s=float(found["run_duration"]),
        errors=_first_errors(data, errors),
    )


def read_results(
    folder: Path, gpus: int, limits_ms: Mapping[str, float] | None = None
) -> tuple[dict[Load, Measurement], list[str]]:
    """Every result in a run's folder by its load, and what went wrong with the others.

    File names hold the run's seconds, so they are searched for and told apart by what stands in them.
    """
    metadata = folder / "experiment_metadata.json"
    unit = json.loads(metadata.read_text()).get("metrics_time_unit", "s") if metadata.exists() else "s"
    measurements: dict[Load, Measurement] = {}
    problems: list[str] = []
    for path in sorted([*folder.glob("*_num_concurrency_*_time_*s.json"), *folder.glob("debug_for_run_*.json")]):
        try:
            measurement = parse_result({"_time_unit": unit} | json.loads(path.read_text()), gpus, limits_ms)
        except BenchError as error:
            problems.append(error.message)
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f"{path.name} cannot be read: {type(error).__name__}: {error}")
        else:
            measurements[measurement.load] = measurement
    return measurements, problems


def _latency(found: dict[str, Any], name: str, scale: float) -> dict[str, float]:
    stats = found["stats"].get(name) or {}
    return {key: stats[key] * scale for key in STATISTICS if stats.get(key) is not None}


def _requests(data: dict[str, Any], scale: float) -> Iterator[RequestLatency]:
    """The requests that completed. TPOT is worked out again: genai-bench drops one whose output took less than 1 ms."""
    for item in data.get("individual_request_metrics") or ():
        if item.get("error_code") is None:
            first, whole = known(item.get("ttft")) * scale, known(item.get("e2e_latency")) * scale
            steps = (item.get("num_output_tokens") or 0) - 1
            yield RequestLatency(first, (whole - first) / steps if steps > 0 else 0.0, whole)


def _first_errors(data: dict[str, Any], errors: dict[str, int]) -> tuple[str, ...]:
    """`count x reason` of what failed, by the requests' own messages, or by status where there are none."""
    messages = [
        f"status {item.get('error_code')}: {item['error_message']}"
        for item in data.get("individual_request_metrics") or ()
        if item.get("error_message")
    ]
    return count_errors(messages) or tuple(f"{count} x status {code}" for code, count in errors.items())


def _reasons(data: dict[str, Any], errors: dict[str, int]) -> str:
    if not errors:
        return "none was answered in time"
    text = ", ".join(f"{count} x status {code}" for code, count in errors.items())
    messages = (item.get("error_message") for item in data.get("individual_request_metrics") or ())
    first = next((message for message in messages if message), None)
    return text if first is None else f"{text}: {first[:_MESSAGE_CHARS]}"
