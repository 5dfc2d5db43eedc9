"""The artifact folder that `aiperf profile` writes, read by its counts.

`parse_aiperf(files, gpus=1) -> list[Measurement]`, pure: `files` is file name -> text of one folder (a sweep has one folder a
value; `aggregate` and `sweep_aggregate` repeat what they say). Written against aiperf 0.13.0 (export schema 1.4). The
summary is `profile_export_aiperf.json`; aiperf writes none when no request completed, and then the single records of
`profile_export.jsonl` are counted. A load of which nothing came back is a measurement with `completed == 0`: the caller has
to look, and `why_aiperf_failed` has the first error.

Units (each metric carries its own, and another one than this is an error):

| aiperf | unit | here |
|---|---|---|
| `time_to_first_token` | ms | `ttft_ms` |
| `inter_token_latency` | ms | `tpot_ms`: (e2e - TTFT) / (output tokens - 1), the mean over requests |
| `inter_chunk_latency` | ms | `itl_ms`: gaps between chunks, whatever a chunk holds |
| `request_latency` | ms | `e2e_latency_ms` |
| `output_token_throughput` | tokens/sec | `output_tokens_per_s` |
| `total_token_throughput` | tokens/sec | `total_tokens_per_s` |
| `request_throughput` | requests/sec | `requests_per_s` |
| `request_count`, `error_request_count` | requests | `completed`, `failed`; the second is left out when it is 0 |
| `benchmark_duration` | sec | `duration_s` |

Without `--use-server-token-count` aiperf tokenizes the text that came back, which need not give the tokens that were
generated; TPOT and all token rates then are off. `token_counts` has both numbers, so that a reader can warn.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.bench.errors import BenchError
from autotune.bench.goodput import RequestLatency, goodput, known
from autotune.bench.result_fields import nothing_completed, per_user, scenario_name, statistics, written_by
from autotune.metrics import STATISTICS, Load, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUMMARY = "profile_export_aiperf.json"
RECORDS = "profile_export.jsonl"

_NAMES = {name: "avg" if name == "mean" else name for name in STATISTICS}
_MESSAGE_CHARS = 300


class TokenCounts(NamedTuple):
    """Output tokens of all completed requests: as aiperf counted them, and as the server said."""

    counted: int
    by_server: int


def parse_aiperf(
    files: Mapping[str, str], gpus: int = 1, limits_ms: Mapping[str, float] | None = None
) -> list[Measurement]:
    """The measurement of one artifact folder; `gpus` is how many the server uses, `limits_ms` what a request has to meet
    to count as goodput (from the single records, which aiperf writes unless `--export-level summary`).

    Raises BenchError for a folder that was left before its summary, ValueError for text that is not what aiperf writes.
    """
    with written_by("aiperf"):
        if SUMMARY in files:
            found = _measurement(json.loads(files[SUMMARY]), gpus)
            requests = _requests(files[RECORDS]) if RECORDS in files else ()
            good = goodput(requests, limits_ms or {}, completed=found.completed, requests_per_s=found.requests_per_s)
            return [replace(found, goodput_requests_per_s=good)]
        records = list(_records(files[RECORDS]))
    failed = sum(record.get("error") is not None for record in records)
    if len(records) > failed:
        raise BenchError(
            f"aiperf left no {SUMMARY}: it was ended after {len(records)} requests, {failed} of them failed"
        )
    # Without a summary the folder does not say which load was asked for.
    return [nothing_completed(Load(scenario_name(None, None)), failed)]


def why_aiperf_failed(files: Mapping[str, str]) -> str:
    """What the first failed request was answered, empty when none failed."""
    if SUMMARY in files:
        errors = [item["error_details"] for item in json.loads(files[SUMMARY]).get("error_summary") or ()]
    else:
        errors = [record["error"] for record in _records(files[RECORDS]) if record.get("error") is not None]
    if not errors:
        return ""
    text = " ".join(str(errors[0][key]) for key in ("code", "type", "message") if errors[0].get(key))
    return " ".join(text.split())[:_MESSAGE_CHARS]


def token_counts(files: Mapping[str, str]) -> TokenCounts | None:
    """The output tokens that aiperf counted and those that the server said; None where the file has not both."""
    summary = json.loads(files[SUMMARY]) if SUMMARY in files else {}
    try:
        return TokenCounts(int(summary["total_osl"]["avg"]), int(summary["total_usage_completion_tokens"]["avg"]))
    except KeyError:
        return None


def _measurement(summary: dict[str, Any], gpus: int) -> Measurement:
    load = _load(summary.get("input_config") or {})
    completed = int(_value(summary, "request_count", "requests", 0.0))
    failed = int(_value(summary, "error_request_count", "requests", 0.0))
    duration = _value(summary, "benchmark_duration", "sec")
    if not completed:
        return nothing_completed(load, failed, duration)
    tpot = _latency(summary, "inter_token_latency")
    output = _value(summary, "output_token_throughput", "tokens/sec")
    return Measurement(
        load=load,
        ttft_ms=_latency(summary, "time_to_first_token"),
        tpot_ms=tpot,
        itl_ms=_latency(summary, "inter_chunk_latency"),
        e2e_latency_ms=_latency(summary, "request_latency"),
        output_tokens_per_s=output,
        output_tokens_per_s_per_gpu=output / max(gpus, 1),
        output_tokens_per_s_per_user=per_user(tpot),
        total_tokens_per_s=_value(summary, "total_token_throughput", "tokens/sec"),
        requests_per_s=_value(summary, "request_throughput", "requests/sec"),
        error_rate=failed / (completed + failed),
        completed=completed,
        failed=failed,
        duration_s=duration,
    )


def _load(config: Mapping[str, Any]) -> Load:
    """The load of the phase that counts: a concurrency, or a request rate (with at most so many at once)."""
    phases = [phase for phase in config.get("phases") or () if not phase.get("exclude_from_results")]
    phase = phases[0] if phases else {}
    prompts = ((config.get("datasets") or [{}])[0]).get("prompts") or {}
    isl, osl = prompts.get("isl") or {}, prompts.get("osl") or {}
    scenario = scenario_name(isl.get("mean"), osl.get("mean"), isl.get("stddev"), osl.get("stddev"))
    rate = phase.get("rate")
    return Load(scenario, concurrency=phase.get("concurrency"), request_rate=None if rate is None else float(rate))


def _records(text: str) -> Iterator[dict[str, Any]]:
    """The records of the phase that counts; the last line may be cut short."""
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record["metadata"].get("phase_kind", record["metadata"].get("benchmark_phase")) == "profiling":
            yield record


def _requests(text: str) -> Iterator[RequestLatency]:
    """The requests that completed in the phase that counts."""
    for record in _records(text):
        if record.get("error") is None and record["metadata"].get("benchmark_phase") == "profiling":
            metrics = record["metrics"]
            single = metrics.get("output_sequence_length", {}).get("value", 0) <= 1
            first, each, whole = (
                known(metrics.get(name, {}).get("value"))
                for name in ("time_to_first_token", "inter_token_latency", "request_latency")
            )
            yield RequestLatency(first, 0.0 if single else each, whole)


def _latency(summary: dict[str, Any], name: str) -> dict[str, float]:
    found = summary.get(name)
    if found is None:
        return {}
    _check_unit(name, found, "ms")
    return statistics(found, _NAMES)


def _value(summary: dict[str, Any], name: str, unit: str, missing: float = math.nan) -> float:
    found = summary.get(name)
    if found is None:
        return missing
    _check_unit(name, found, unit)
    return float(found["avg"])


def _check_unit(name: str, found: Mapping[str, Any], unit: str) -> None:
    if found.get("unit") != unit:
        raise ValueError(f"{name} is in {found.get('unit')}, and {unit} was expected")
