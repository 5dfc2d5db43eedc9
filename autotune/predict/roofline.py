"""A roofline of our own: any model on any GPU, from catalog facts alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autotune.catalog.sharding import shard
from autotune.metrics import Measurement
from autotune.predict.efficiency import Efficiency
from autotune.predict.parts import build_timing
from autotune.predict.predictor import Prediction
from autotune.predict.steady import Steady, closed_loop, open_loop
from autotune.predict.traffic import Traffic, mean_traffic

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.metrics import Load
    from autotune.predict.timing import RooflineTiming
    from autotune.schema import Config


#: From docs/predicting.md, which says against what and how it was found.
ERRORS = {"tpot_ms.mean": 0.13, "ttft_ms.mean": 0.33}
EXPECTED_ERROR = (
    f"against published measurements TPOT is off by {ERRORS['tpot_ms.mean']:.0%} and TTFT by {ERRORS['ttft_ms.mean']:.0%} in "
    "the median of 34 models, GPUs and lengths, uncalibrated; others may be further off"
)


class Roofline:
    """Predicts from first principles: FLOPs, bytes and links. Holds no state but its constants."""

    name = "roofline"
    version = "2"
    """Raised with every change of its figures."""

    def __init__(self, efficiency: Efficiency | None = None) -> None:
        self.efficiency = efficiency or Efficiency()

    def timing(self, config: Config, facts: Facts) -> RooflineTiming:
        return build_timing(config, facts, self.efficiency)

    def predict(self, config: Config, facts: Facts, load: Load) -> Prediction:
        """The mean of every metric for one load in steady state; docs/predicting.md has the formulas.

        There are no percentiles: a roofline knows no spread.
        """
        timing, traffic = self.timing(config, facts), mean_traffic(load.scenario, config)
        active, steady = _steady(timing, traffic, config, load)
        decode_s = 0.0 if math.isnan(steady.step_s) else steady.step_s * (traffic.osl - 1)
        requests = steady.requests_per_s * active
        if load.request_rate is None:
            # Little's law over the whole benchmark, its first round included.
            requests = _in_flight(load, config) / (steady.ttft_s + decode_s)
        output = requests * traffic.osl
        tpot = {} if math.isnan(steady.step_s) else {"mean": 1e3 * steady.step_s}
        measurement = Measurement(
            load=load,
            kind="predicted",
            ttft_ms={"mean": 1e3 * steady.ttft_s},
            tpot_ms=tpot,
            itl_ms=dict(tpot),
            e2e_latency_ms={"mean": 1e3 * (steady.ttft_s + decode_s)},
            output_tokens_per_s=output,
            output_tokens_per_s_per_gpu=output / shard(config, facts).gpus,
            output_tokens_per_s_per_user=1.0 / steady.step_s,
            total_tokens_per_s=requests * (traffic.isl + traffic.osl),
            requests_per_s=requests,
        )
        return Prediction(measurement, self.name, self.version, EXPECTED_ERROR, dict(ERRORS))


def _steady(timing: RooflineTiming, traffic: Traffic, config: Config, load: Load) -> tuple[float, Steady]:
    """(replicas that are at work, the steady state of each)."""
    chunked = config.scheduling.chunked_prefill is not False
    if load.request_rate is not None:
        rate = load.request_rate / timing.replicas
        requests = max(1, config.benchmark.max_requests // timing.replicas)
        return timing.replicas, open_loop(timing, traffic, rate, requests, chunked=chunked)
    concurrency = _in_flight(load, config)
    active = min(timing.replicas, concurrency)
    first_round = concurrency / config.benchmark.max_requests
    return active, closed_loop(timing, traffic, concurrency / active, first_round=first_round, chunked=chunked)


def _in_flight(load: Load, config: Config) -> int:
    """Requests at once in a closed loop: never more than the benchmark sends."""
    return min(load.concurrency or 1, config.benchmark.max_requests)
