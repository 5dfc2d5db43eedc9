"""What one request of a traffic scenario looks like on average."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from autotune.metrics import DEFAULT_ISL, DEFAULT_OSL

if TYPE_CHECKING:
    from autotune.schema import Config

_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


class Traffic(NamedTuple):
    """Mean tokens of one request: `isl` in, of which `cached` need no prefill, and `osl` out, give or take `spread`."""

    isl: float
    osl: float
    cached: float = 0.0
    spread: float = 0.0
    """Width of the even distribution that varies as much as the output tokens do: sqrt(12) standard deviations."""

    @property
    def new(self) -> float:
        """Input tokens to prefill; at least one, which gives the first output token."""
        return max(1.0, self.isl - self.cached)

    @property
    def mean_context(self) -> float:
        """Tokens that a decoding request holds in the KV cache, averaged over its output."""
        return self.isl + self.osl / 2


def mean_traffic(scenario: str, config: Config) -> Traffic:
    """The mean request of `D(in,out)`, `N(mean,sd)/(mean,sd)`, `U(min,max)/(min,max)`, `U(max,max)`, or `dataset`
    (then the runtime group's isl and osl). Each is at least one token.
    """
    runtime = config.runtime
    isl, osl, spread = float(runtime.isl or DEFAULT_ISL), float(runtime.osl or DEFAULT_OSL), 0.0
    numbers = [float(item) for item in _NUMBERS.findall(scenario)]
    match scenario[:1], numbers:
        case "D", [tokens_in, tokens_out]:
            isl, osl = tokens_in, tokens_out
        case "N", [mean_in, _, mean_out, deviation]:
            isl, osl, spread = mean_in, mean_out, deviation * math.sqrt(12)
        case "U", [low_in, high_in, low_out, high_out]:
            isl, osl, spread = (low_in + high_in) / 2, (low_out + high_out) / 2, high_out - low_out
        case "U", [high_in, high_out]:
            isl, osl, spread = (1 + high_in) / 2, (1 + high_out) / 2, high_out - 1
    isl, osl = max(1.0, isl), max(1.0, osl)
    shared = float(runtime.prefix or 0) if config.memory.prefix_caching is not False else 0.0
    return Traffic(isl, osl, min(shared, isl - 1), spread)
