"""A prediction and a measurement of the same load in the same units: which numbers of the two may be laid side by side.

Both are `Measurement`s, so ms, tokens and seconds agree already; what is left is described in docs/verifying.md:

- per GPU against total: the per-GPU rate is the total over the GPUs of the server, wherever one side lacks it;
- mean against median: predictors give means; where the tool measured no mean, its median stands for it;
- batch against clients: a predictor's batch size is the client's concurrency, and a request rate keeps
  rate x end-to-end latency requests in flight (Little's law).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from autotune.predict.traffic import mean_traffic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.metrics import Measurement
    from autotune.schema import Config

LATENCIES = ("ttft_ms", "tpot_ms", "e2e_latency_ms")
RATE = "output_tokens_per_s_per_gpu"
#: Metrics that are compared, with the names that people know them by.
METRICS = {"ttft_ms": "TTFT ms", "tpot_ms": "TPOT ms", "e2e_latency_ms": "end to end ms", RATE: "tok/s/GPU"}
#: How far apart two numbers of requests in flight may be and still be the same load, as a share.
IN_FLIGHT_TOLERANCE = 0.1
#: The same for mean tokens of a request: genai-bench's normal distributions are cut off at one token.
TOKENS_TOLERANCE = 0.02


class Values(NamedTuple):
    """One metric, both above zero; `median` where the measured one is the median and the predicted one the mean."""

    predicted: float
    measured: float
    median: bool = False

    @property
    def error(self) -> float:
        """Predicted / measured - 1: -0.2 is 20 % too low."""
        return self.predicted / self.measured - 1.0

    @property
    def log_ratio(self) -> float:
        """log(predicted / measured), in which twice too high and half are equally far off."""
        return math.log(self.predicted / self.measured)


def align(predicted: Measurement, measured: Measurement, gpus: int | None = None) -> dict[str, Values]:
    """The metrics that both sides know, by their names in METRICS. `gpus` is how many the server uses, None where unknown."""
    found: dict[str, Values] = {}
    for name in LATENCIES:
        one, other = getattr(predicted, name), getattr(measured, name)
        for left, right in (("mean", "mean"), ("p50", "p50"), ("mean", "p50")):
            if _usable(one.get(left)) and _usable(other.get(right)):
                found[name] = Values(one[left], other[right], left != right)
                break
    expected, real = per_gpu(predicted, gpus), per_gpu(measured, gpus)
    if _usable(expected) and _usable(real):
        found[RATE] = Values(expected, real)
    return found


def per_gpu(measurement: Measurement, gpus: int | None) -> float:
    """Output tokens/s/GPU: as given, else the total over `gpus`; NaN where neither is known."""
    given = measurement.output_tokens_per_s_per_gpu
    if math.isfinite(given) or not gpus:
        return given
    return measurement.output_tokens_per_s / gpus


def in_flight(measurement: Measurement) -> float:
    """Requests in service on average: the concurrency of a closed loop, else rate x latency; NaN where that is unknown."""
    if measurement.load.concurrency is not None and measurement.load.request_rate is None:
        return float(measurement.load.concurrency)
    latency_ms = measurement.e2e_latency_ms.get("mean", measurement.e2e_latency_ms.get("p50", math.nan))
    rate = measurement.requests_per_s
    if not math.isfinite(rate):
        rate = measurement.load.request_rate or math.nan
    return rate * latency_ms / 1e3


def find_prediction(predictions: Iterable[Measurement], measured: Measurement, config: Config) -> Measurement | None:
    """The prediction for the load that was measured; None where there is none.

    The same load, else one of the same mean tokens that keeps as many requests in flight (the nearest one).
    """
    known = list(predictions)
    for item in known:
        if item.load == measured.load:
            return item
    wanted, busy = mean_traffic(measured.load.scenario, config), in_flight(measured)
    near: list[tuple[float, Measurement]] = []
    for item in known:
        traffic = mean_traffic(item.load.scenario, config)
        same = _close(traffic.isl, wanted.isl, TOKENS_TOLERANCE) and _close(traffic.osl, wanted.osl, TOKENS_TOLERANCE)
        if same and _close(in_flight(item), busy, IN_FLIGHT_TOLERANCE):
            near.append((abs(in_flight(item) - busy), item))
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _usable(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _close(one: float, other: float, tolerance: float) -> bool:
    return abs(one - other) <= tolerance * max(one, other)
