"""Goodput: the requests per second that met the SLO, each by itself.

The name is the field's. DistServe (Zhong et al., OSDI 2024, arXiv:2401.09670) means by it the highest request rate per
GPU at which a given share of the requests still meets the SLO; `vllm bench serve --goodput` and aiperf's `--goodput` give
what one load yields, which is what stands here: completed requests that met every limit, by the time it took. The
highest of it over a sweep of loads is DistServe's, with the share as a constraint.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class RequestLatency(NamedTuple):
    """One request that completed, in ms. NaN where the tool does not say; a single output token has a TPOT of 0."""

    ttft_ms: float
    tpot_ms: float
    e2e_latency_ms: float

    def meets(self, limits_ms: Mapping[str, float]) -> bool | None:
        """Whether every limit is kept; None where a latency that has a limit is not known."""
        values = [(getattr(self, name), limit) for name, limit in limits_ms.items()]
        if any(math.isnan(value) for value, _ in values):
            return None
        return all(value <= limit for value, limit in values)


def goodput(
    requests: Iterable[RequestLatency], limits_ms: Mapping[str, float], *, completed: int, requests_per_s: float
) -> float:
    """Requests per second that met the limits: the rate of completed requests times the share of them that did.

    `requests` are those that completed, and have to be all of them: a tool that keeps a sample says nothing about the
    rest. NaN without limits, for a sample, and where a latency that has a limit is not known.
    """
    met = [request.meets(limits_ms) for request in requests]
    if not limits_ms or not met or len(met) != completed or None in met:
        return math.nan
    return requests_per_s * sum(map(bool, met)) / completed


def known(value: float | None) -> float:
    """A number as a tool's file has it, in the file's unit; NaN for null."""
    return math.nan if value is None else float(value)
