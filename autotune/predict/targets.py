"""Latency targets that no prediction meets, found before anything is measured."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from autotune.diagnostics import diagnostic, has_errors
from autotune.metrics import DEFAULT_ISL, DEFAULT_OSL, Load
from autotune.schema import Targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.compiled import CompiledPoint
    from autotune.diagnostics import Diagnostic
    from autotune.schema import Config

_FIELDS = {"ttft": "ttft_ms", "tpot": "tpot_ms", "e2e_latency": "e2e_latency_ms"}


class Limit(NamedTuple):
    """One target: the latency it is for, the path it was set at, and ms."""

    metric: str
    path: str
    limit_ms: float


def slo_findings(point: CompiledPoint) -> list[Diagnostic]:
    """AT104 for each latency target that the roofline misses at the point's lightest load.

    Targets are runtime.ttft_target, runtime.tpot_target and the thresholds of the slo group. The lightest load is the lowest
    concurrency, or request rate, at the scenario with the lowest latency. A roofline knows means only, so thresholds for
    percentiles are held against the mean, which they are seldom below. Nothing is said of a point that cannot run, nor
    of a CPU, whose catalog figures are nominal.
    """
    config, facts = point.config, point.facts
    if config is None or facts is None or point.server is None or has_errors(point.diagnostics):
        return []
    limits = list(_limits(config))
    if not limits or facts.gpu.vendor == "cpu":
        return []
    from autotune.predict.roofline import Roofline  # most configs name no target

    roofline = Roofline()
    predicted = [(load, roofline.predict(config, facts, load).measurement) for load in _light_loads(config)]
    found = []
    for metric, path, limit_ms in limits:
        least_ms, load = min(
            ((getattr(measurement, _FIELDS[metric]).get("mean", math.inf), load) for load, measurement in predicted),
            key=lambda item: item[0],
        )
        if math.isfinite(least_ms) and least_ms > limit_ms:
            name = metric.upper() if metric != "e2e_latency" else "end-to-end latency"
            found.append(
                diagnostic(
                    "AT104",
                    f"{path}={limit_ms:g} ms, and the roofline predicts a {name} of {least_ms:.3g} ms at {load.label}, the lightest load",
                    path=path,
                    writer=point.origin.get(path),
                    help="use more GPUs or quantization, a shorter workload, or a target above the prediction",
                )
            )
    return [replace(item, point=point.id) for item in found]


def _limits(config: Config) -> Iterator[Limit]:
    for metric in ("ttft", "tpot"):
        target = getattr(config.runtime, f"{metric}_target")
        if target is not None:
            yield Limit(metric, f"runtime.{metric}_target", target)
    for metric in _FIELDS:
        targets = getattr(config.slo, metric)
        for statistic in Targets.model_fields if targets is not None else ():
            if (target := getattr(targets, statistic)) is not None:
                yield Limit(metric, f"slo.{metric}.{statistic}.threshold", target.threshold)


def _light_loads(config: Config) -> Iterator[Load]:
    """Each scenario at its lightest. One request at a time stands for `dataset` and for silence, with the runtime's tokens."""
    benchmark = config.benchmark
    for scenario in benchmark.traffic_scenarios or (_default_scenario(config),):
        if benchmark.request_rate:
            yield Load(scenario, request_rate=min(benchmark.request_rate))
        else:
            yield Load(scenario, concurrency=min(benchmark.num_concurrency, default=1))


def _default_scenario(config: Config) -> str:
    runtime = config.runtime
    return f"D({runtime.isl or DEFAULT_ISL},{runtime.osl or DEFAULT_OSL})"
