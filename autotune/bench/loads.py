"""The loads that a benchmark config asks for."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from autotune.bench.scenario import DATASET, Scenario, parse_scenario
from autotune.diagnostics import Diagnostic, InputError, diagnostic
from autotune.metrics import DEFAULT_ISL, DEFAULT_OSL, Load

if TYPE_CHECKING:
    from autotune.schema import Benchmark, Runtime

_SEED = 0


def expand_loads(benchmark: Benchmark, runtime: Runtime) -> tuple[Load, ...]:
    """Every load to measure on one server: scenarios x (request rates, or else concurrencies), all of it `repeats` times.

    Without scenarios the load is `D(isl,osl)` of the runtime group (1024 and 128 tokens where that is silent).
    Repeats are whole rounds, one after the other, so that a drift of the machine does not fall on one load alone.
    Raises InputError (AT003) with every scenario that cannot be read, or for `dataset` without `benchmark.dataset`.
    """
    texts = benchmark.traffic_scenarios or (
        str(Scenario("D", (runtime.isl or DEFAULT_ISL,) * 2, (runtime.osl or DEFAULT_OSL,) * 2)),
    )
    problems: list[Diagnostic] = []
    names: list[str] = []
    for text in texts:
        try:
            names.append(_name(text, benchmark))
        except InputError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise InputError(*problems)
    once = [
        load
        for name in dict.fromkeys(names)
        for load in (
            [Load(name, request_rate=rate) for rate in benchmark.request_rate]
            or [Load(name, concurrency=number) for number in benchmark.num_concurrency]
        )
    ]
    return tuple(once * benchmark.repeats)


def request_sizes(load: Load, count: int) -> list[tuple[int, int]]:
    """Input and output tokens of the first `count` requests of a load: the same for every server and every client."""
    scenario, random = parse_scenario(load.scenario), Random(f"{_SEED} {load.scenario}")  # noqa: S311
    return [scenario.sample(random) for _ in range(count)]


def arrival_times(rate: float, count: int) -> list[float]:
    """When the first `count` requests of an open loop are sent: a Poisson process of `rate` per second from time 0, in s."""
    random = Random(_SEED)  # noqa: S311
    return list(accumulate(random.expovariate(rate) for _ in range(count)))


def _name(text: str, benchmark: Benchmark) -> str:
    if text.strip() != DATASET:
        return str(parse_scenario(text))
    if benchmark.dataset is None:
        raise InputError(
            diagnostic("AT003", "the traffic scenario `dataset` has no dataset", path="benchmark.dataset",
                       help="set benchmark.dataset to a file of prompts or a Hub data set")
        )  # fmt: skip
    return DATASET
