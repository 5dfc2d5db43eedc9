"""Objectives: which number of a measurement each one reads, with its sign.

| objective | reads | unit |
|---|---|---|
| `minimize_latency` | mean end-to-end latency (`e2e_latency_ms`) | ms |
| `minimize_ttft` | mean time to first token (`ttft_ms`) | ms |
| `minimize_tpot` | mean time per output token (`tpot_ms`, else `itl_ms`) | ms |
| `maximize_throughput` | output tokens per second of the whole server (`output_tokens_per_s`) | tokens/s |
| `maximize_goodput` | requests per second that met the SLO (`goodput_requests_per_s`) | requests/s |
| `..._per_gpu` | throughput or goodput divided by the server's GPUs; a latency multiplied by them | as above, x GPUs |

Where the tool gives no mean, the median stands in for it. A latency times GPUs is the GPU time that one request (or
token) holds, so that eight GPUs have to be eight times faster than one to break even.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, diagnostic, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.metrics import Measurement

#: Statistics that may stand for "the" latency, first one that the tool gave.
CENTRAL = ("mean", "p50")


@dataclass(frozen=True, slots=True)
class Objective:
    """One thing to be better at. `sources` are the `Measurement` fields it may read, in order of preference."""

    name: str
    sources: tuple[str, ...]
    maximise: bool = False
    per_gpu: bool = False

    def metric(self, measurement: Measurement, gpus: int | None = None) -> float:
        """The number itself, in the unit of the metric, higher or lower being better as the objective says.

        `gpus` is the size of the server; None takes it from the measurement. NaN where the measurement lacks the
        metric or its number of GPUs is not known.
        """
        value = _first_known(measurement, self.sources)
        if not self.per_gpu:
            return value
        size = measured_gpus(measurement) if gpus is None else float(gpus)
        return value / size if self.maximise else value * size

    def value(self, measurement: Measurement, gpus: int | None = None) -> float:
        """`metric`, negated where it is maximised: lower is better for every objective."""
        metric = self.metric(measurement, gpus)
        return -metric if self.maximise else metric


def _family(name: str, sources: tuple[str, ...], *, maximise: bool = False) -> dict[str, Objective]:
    return {
        name: Objective(name, sources, maximise),
        f"{name}_per_gpu": Objective(f"{name}_per_gpu", sources, maximise, per_gpu=True),
    }


OBJECTIVES: dict[str, Objective] = {
    **_family("minimize_latency", ("e2e_latency_ms",)),
    **_family("maximize_throughput", ("output_tokens_per_s",), maximise=True),
    **_family("maximize_goodput", ("goodput_requests_per_s",), maximise=True),
    **_family("minimize_ttft", ("ttft_ms",)),
    **_family("minimize_tpot", ("tpot_ms", "itl_ms")),
}


def get_objectives(names: Iterable[str]) -> tuple[Objective, ...]:
    """The objectives of these names, in order. Raises InputError (AT003) with every unknown name."""
    chosen = tuple(names)
    wrong = [
        diagnostic(
            "AT003",
            f"unknown objective {name!r}",
            path="optimization.objectives",
            help=suggest(name, OBJECTIVES),
        )
        for name in chosen
        if name not in OBJECTIVES
    ]
    if wrong:
        raise InputError(*wrong)
    return tuple(OBJECTIVES[name] for name in chosen)


def objective_values(
    measurement: Measurement, objectives: Sequence[Objective], gpus: int | None = None
) -> tuple[float, ...]:
    """One row for the Pareto frontier: every objective's value, all minimised, NaN where it is not known."""
    return tuple(objective.value(measurement, gpus) for objective in objectives)


def measured_gpus(measurement: Measurement) -> float:
    """GPUs of the server that was measured, from its total and per-GPU throughput; NaN where either is missing."""
    per_gpu = measurement.output_tokens_per_s_per_gpu
    if not (math.isfinite(per_gpu) and per_gpu > 0):
        return math.nan
    return measurement.output_tokens_per_s / per_gpu


def central(statistics: dict[str, float]) -> float:
    """The mean of a latency, else its median, else NaN."""
    return next((statistics[name] for name in CENTRAL if name in statistics), math.nan)


def _first_known(measurement: Measurement, sources: Sequence[str]) -> float:
    for name in sources:
        raw = getattr(measurement, name)
        value = central(raw) if isinstance(raw, dict) else float(raw)
        if math.isfinite(value):
            return value
    return math.nan
