"""What one measurement yields, in one set of units: ms, tokens, seconds as named."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["measured", "emulated", "predicted"]

#: Latencies, each a mapping of statistic -> ms.
LATENCIES = ("ttft_ms", "tpot_ms", "itl_ms", "e2e_latency_ms")
STATISTICS = ("mean", "p50", "p90", "p95", "p99")
RATES = (
    "output_tokens_per_s",
    "output_tokens_per_s_per_gpu",
    "output_tokens_per_s_per_user",
    "total_tokens_per_s",
    "requests_per_s",
    "goodput_requests_per_s",
)

#: Tokens of a request where the runtime group does not say: a short document in, a paragraph out.
DEFAULT_ISL, DEFAULT_OSL = 1024, 128


@dataclass(frozen=True, slots=True)
class Load:
    """The load of one measurement: a traffic scenario at a concurrency (closed loop) or a request rate (open loop)."""

    scenario: str
    concurrency: int | None = None
    request_rate: float | None = None

    @property
    def label(self) -> str:
        return (
            f"{self.scenario} c={self.concurrency}"
            if self.request_rate is None
            else f"{self.scenario} r={self.request_rate:g}/s"
        )


@dataclass(frozen=True, slots=True)
class Measurement:
    """One load on one server. Latencies are statistic -> ms, and hold only what the tool gives.

    `output_tokens_per_s_per_gpu` divides by the GPUs the deployment uses; `output_tokens_per_s_per_user` is
    1000 / mean TPOT in ms, the speed one reader sees. `goodput_requests_per_s` are the requests that met the SLO, each by
    itself; NaN without targets, or where the tool does not give single requests. `errors` are the most frequent reasons of failed requests, each as
    `count x reason`.

    Where a load was measured several times, `repeats` says how often, every latency and rate is the mean over the
    repeats, counts and `duration_s` are their sums, `samples` holds each repeat's value and `ci95` the half-width of the
    mean's 95 % confidence interval, both by metric: `ttft_ms.mean`, `output_tokens_per_s`.
    """

    load: Load
    ttft_ms: dict[str, float] = field(default_factory=dict)
    tpot_ms: dict[str, float] = field(default_factory=dict)
    itl_ms: dict[str, float] = field(default_factory=dict)
    e2e_latency_ms: dict[str, float] = field(default_factory=dict)
    output_tokens_per_s: float = math.nan
    output_tokens_per_s_per_gpu: float = math.nan
    output_tokens_per_s_per_user: float = math.nan
    total_tokens_per_s: float = math.nan
    requests_per_s: float = math.nan
    goodput_requests_per_s: float = math.nan
    error_rate: float = 0.0
    completed: int = 0
    failed: int = 0
    duration_s: float = math.nan
    kind: Kind = "measured"
    errors: tuple[str, ...] = ()
    repeats: int = 1
    ci95: dict[str, float] = field(default_factory=dict)
    samples: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Every latency statistic and rate that is known, by its name: `ttft_ms.p50`, `requests_per_s`."""
        found = {f"{name}.{key}": value for name in LATENCIES for key, value in getattr(self, name).items()}
        return found | {name: value for name in RATES if math.isfinite(value := getattr(self, name))}

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the store and for JSON; what is not known is left out."""
        data: dict[str, Any] = {
            "scenario": self.load.scenario,
            "concurrency": self.load.concurrency,
            "request_rate": self.load.request_rate,
        }
        for name in LATENCIES:
            if stats := getattr(self, name):
                data[name] = dict(stats)
        for name in (*RATES, "duration_s"):
            value = getattr(self, name)
            if math.isfinite(value):
                data[name] = value
        data |= {"error_rate": self.error_rate, "completed": self.completed, "failed": self.failed}
        if self.errors:
            data["errors"] = list(self.errors)
        if self.repeats > 1:
            data |= {"repeats": self.repeats, "ci95": dict(self.ci95)}
            data["samples"] = {name: list(values) for name, values in self.samples.items()}
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any], kind: Kind) -> Measurement:
        """The inverse of `as_dict`."""
        rest = dict(data)
        load = Load(rest.pop("scenario"), rest.pop("concurrency", None), rest.pop("request_rate", None))
        errors = tuple(rest.pop("errors", ()))
        samples = {name: tuple(values) for name, values in rest.pop("samples", {}).items()}
        return cls(load=load, kind=kind, errors=errors, samples=samples, **rest)
