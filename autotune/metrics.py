"""What one measurement yields, in one set of units: ms, tokens, seconds as named."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["measured", "emulated", "predicted"]

#: Latencies, each a mapping of statistic -> ms.
LATENCIES = ("ttft_ms", "tpot_ms", "itl_ms", "e2e_latency_ms")
STATISTICS = ("mean", "p50", "p90", "p95", "p99")

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
    1000 / mean TPOT in ms, the speed one reader sees.
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
    error_rate: float = 0.0
    completed: int = 0
    failed: int = 0
    duration_s: float = math.nan
    kind: Kind = "measured"

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
        for name in ("output_tokens_per_s", "output_tokens_per_s_per_gpu", "output_tokens_per_s_per_user",
                     "total_tokens_per_s", "requests_per_s", "duration_s"):  # fmt: skip
            value = getattr(self, name)
            if math.isfinite(value):
                data[name] = value
        return data | {"error_rate": self.error_rate, "completed": self.completed, "failed": self.failed}

    @classmethod
    def from_dict(cls, data: dict[str, Any], kind: Kind) -> Measurement:
        """The inverse of `as_dict`."""
        rest = dict(data)
        load = Load(rest.pop("scenario"), rest.pop("concurrency", None), rest.pop("request_rate", None))
        return cls(load=load, kind=kind, **rest)
