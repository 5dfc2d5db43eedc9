"""The load that a config asks for, as a deployment carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.engines.deployment import PlannedLoad
from autotune.metrics import DEFAULT_ISL, DEFAULT_OSL

if TYPE_CHECKING:
    from autotune.schema import Config


def plan_load(config: Config) -> PlannedLoad:
    """The benchmark group as it stands; without scenarios the load is `D(isl,osl)` of the runtime group."""
    benchmark, runtime = config.benchmark, config.runtime
    default = f"D({runtime.isl or DEFAULT_ISL},{runtime.osl or DEFAULT_OSL})"
    return PlannedLoad(
        task=benchmark.task,
        scenarios=benchmark.traffic_scenarios or (default,),
        concurrencies=benchmark.num_concurrency,
        request_rates=benchmark.request_rate,
        max_time_s=benchmark.max_time_s,
        max_requests=benchmark.max_requests,
        request_params=dict(benchmark.request_params),
        results_uri=benchmark.results_uri,
        image=benchmark.image,
    )
