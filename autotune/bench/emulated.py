"""What the quick client and the emulated server agree on, and how compressed time is stretched back.

An emulated server runs `speed` times faster than what it emulates, while the client's own cost (about a millisecond a
request) stays as it is and would appear `speed` times too large. So the two exchange times: every event says when it
was due; a request says when it was sent, which in a closed loop is when the one before it ended, and what is to follow:
how many more a closed loop has to send, or when the next of an open loop is due. While one of those is on its way, the
emulated clock stands. All times are seconds of
`time.monotonic`, one clock for all processes of a machine. Other clients know nothing of this and measure by their own
clock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.metrics import Measurement

#: Response header of every emulated server, always `true`.
EMULATED_HEADER = "x-autotune-emulated"
#: Response header: how many times faster than emulated time the server runs.
SPEED_HEADER = "x-autotune-speed"
#: Request header: when the request was sent.
SENT_HEADER = "x-autotune-sent"
#: Request header of a closed loop: how many requests it keeps in flight, and how many are left to send after this one.
LOOP_HEADER = "x-autotune-loop"
#: Request header of an open loop: when the next request is sent.
NEXT_HEADER = "x-autotune-next"
#: Key of a streamed event: when its last token was due.
DUE_KEY = "x_autotune_due"


def rescale(measurement: Measurement, speed: float) -> Measurement:
    """A measurement taken by the wall clock, in emulated time and marked emulated.

    Latencies and durations are multiplied by `speed`, rates divided by it. A measurement that is marked emulated
    already (the quick client does this itself) comes back as it is.
    """
    if measurement.kind == "emulated":
        return measurement
    return replace(
        measurement,
        ttft_ms=_times(measurement.ttft_ms, speed),
        tpot_ms=_times(measurement.tpot_ms, speed),
        itl_ms=_times(measurement.itl_ms, speed),
        e2e_latency_ms=_times(measurement.e2e_latency_ms, speed),
        output_tokens_per_s=measurement.output_tokens_per_s / speed,
        output_tokens_per_s_per_gpu=measurement.output_tokens_per_s_per_gpu / speed,
        output_tokens_per_s_per_user=measurement.output_tokens_per_s_per_user / speed,
        total_tokens_per_s=measurement.total_tokens_per_s / speed,
        requests_per_s=measurement.requests_per_s / speed,
        goodput_requests_per_s=measurement.goodput_requests_per_s / speed,
        duration_s=measurement.duration_s * speed,
        kind="emulated",
    )


def _times(stats: dict[str, float], factor: float) -> dict[str, float]:
    return {name: value * factor for name, value in stats.items()}
