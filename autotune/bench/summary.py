"""From the records of single requests to one measurement."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autotune.bench.goodput import RequestLatency, goodput
from autotune.bench.repeats import count_errors
from autotune.bench.window import delivered_by
from autotune.metrics import Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.metrics import Kind, Load


@dataclass(slots=True)
class RequestRecord:
    """One request as its sender saw it. Times are seconds on one clock.

    `chunks` are the arrival times of everything that held output; the first is the first token. `error` is None for a
    request that came back whole, and `finished` for one that never ended.
    """

    sent: float
    chunks: list[float] = field(default_factory=list)
    finished: float | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    error: str | None = None

    @property
    def completed(self) -> bool:
        return self.finished is not None and self.error is None


def percentile(ordered: Sequence[float], fraction: float) -> float:
    """The value below which `fraction` of the ordered values lie, between two of them by linear interpolation.

    The same as numpy.percentile's default method: position (n - 1) * fraction.
    """
    position = (len(ordered) - 1) * fraction
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def statistics_ms(seconds: Sequence[float]) -> dict[str, float]:
    """mean, p50, p90, p95 and p99 in ms; nothing for no values."""
    if not seconds:
        return {}
    ordered = sorted(value * 1000 for value in seconds)
    stats = {"mean": math.fsum(ordered) / len(ordered)}
    return stats | {f"p{n}": percentile(ordered, n / 100) for n in (50, 90, 95, 99)}


def summarize(
    records: Sequence[RequestRecord],
    load: Load,
    *,
    start: float,
    end: float,
    gpus: int,
    kind: Kind,
    limits_ms: Mapping[str, float] | None = None,
) -> Measurement:
    """The measurement that these requests make.

    Latencies are over the requests that completed: TTFT from sending to the first output, e2e to the last,
    TPOT = (e2e - TTFT) / (output tokens - 1), ITL the gaps between chunks, each divided by the tokens a chunk holds on
    average. Rates are over the window from `start` to `end` (seconds): output counts by when it arrived, and a
    request that spans the end counts by its part inside, so that neither a tail of leftover requests nor a cut at the
    time limit biases them. A request that was cut off is neither completed nor failed. `limits_ms` say what a request has
    to meet to count as goodput.
    """
    completed = [record for record in records if record.completed]
    failed = sum(record.error is not None for record in records)
    window = max(end - start, 1e-9)
    inside = delivered_by(end, records)
    tpot = statistics_ms([_tpot(record) for record in completed if record.output_tokens > 1])
    return Measurement(
        load=load,
        ttft_ms=statistics_ms([record.chunks[0] - record.sent for record in completed]),
        tpot_ms=tpot,
        itl_ms=statistics_ms([gap for record in completed for gap in _gaps(record)]),
        e2e_latency_ms=statistics_ms([record.chunks[-1] - record.sent for record in completed]),
        output_tokens_per_s=inside.output_tokens / window,
        output_tokens_per_s_per_gpu=inside.output_tokens / window / max(gpus, 1),
        output_tokens_per_s_per_user=1000 / tpot["mean"] if tpot.get("mean") else math.nan,
        total_tokens_per_s=(inside.prompt_tokens + inside.output_tokens) / window,
        requests_per_s=inside.requests / window,
        goodput_requests_per_s=goodput(
            map(_latency, completed),
            limits_ms or {},
            completed=len(completed),
            requests_per_s=inside.requests / window,
        ),
        error_rate=failed / max(len(completed) + failed, 1),
        completed=len(completed),
        failed=failed,
        duration_s=window,
        kind=kind,
        errors=count_errors(record.error for record in records if record.error is not None),
    )


def _latency(record: RequestRecord) -> RequestLatency:
    first, last = record.chunks[0] - record.sent, record.chunks[-1] - record.sent
    return RequestLatency(1000 * first, 1000 * _tpot(record) if record.output_tokens > 1 else 0.0, 1000 * last)


def _tpot(record: RequestRecord) -> float:
    return (record.chunks[-1] - record.chunks[0]) / (record.output_tokens - 1)


def _gaps(record: RequestRecord) -> list[float]:
    count = len(record.chunks)
    if count < 2:
        return []
    tokens_each = max(1.0, (record.output_tokens - 1) / (count - 1))
    return [(after - before) / tokens_each for before, after in zip(record.chunks, record.chunks[1:], strict=False)]
