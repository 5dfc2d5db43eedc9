"""Traffic scenarios: how many tokens the requests of a load have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from random import Random

DATASET = "dataset"

_PAIR = r"\(\s*(\d+)\s*,\s*(\d+)\s*\)"
_ONE = re.compile(rf"([DU]){_PAIR}")
_TWO = re.compile(rf"([NU]){_PAIR}/{_PAIR}")
_HELP = (
    "write D(in,out), N(mean,sd)/(mean,sd), U(min,max)/(min,max) or U(max_in,max_out), in whole tokens; "
    "input before output"
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Token counts of requests: input and output, each a pair of numbers read by `kind`.

    D: (n, n); N: (mean, standard deviation), cut off at one token; U: (least, most), both included.
    """

    kind: Literal["D", "N", "U"]
    input: tuple[int, int]
    output: tuple[int, int]

    def sample(self, random: Random) -> tuple[int, int]:
        """Input and output tokens of one request, each at least 1."""
        return self._draw(self.input, random), self._draw(self.output, random)

    @property
    def mean_tokens(self) -> tuple[float, float]:
        """Mean input and output tokens (for N, before the cut-off at one token)."""
        if self.kind == "U":
            return sum(self.input) / 2, sum(self.output) / 2
        return float(self.input[0]), float(self.output[0])

    def __str__(self) -> str:
        """The scenario in the form that `parse_scenario` and genai-bench read, without spaces."""
        if self.kind == "D":
            return f"D({self.input[0]},{self.output[0]})"
        return f"{self.kind}({self.input[0]},{self.input[1]})/({self.output[0]},{self.output[1]})"

    def _draw(self, pair: tuple[int, int], random: Random) -> int:
        if self.kind == "N":
            return max(1, round(random.gauss(*pair)))
        return random.randint(*pair)


def parse_scenario(text: str) -> Scenario:
    """Read one of the forms D, N and U. Raises InputError (AT003) for anything else, `dataset` included."""
    compact = text.strip()
    if found := _ONE.fullmatch(compact):
        kind, first, second = found[1], int(found[2]), int(found[3])
        if first < 1 or second < 1:
            raise _bad(text, "a request has at least one token on either side")
        if kind == "D":
            return Scenario("D", (first, first), (second, second))
        return Scenario("U", (1, first), (1, second))
    if found := _TWO.fullmatch(compact):
        numbers = [int(found[index]) for index in range(2, 6)]
        if numbers[0] < 1 or numbers[2] < 1:
            raise _bad(text, "a request has at least one token on either side")
        if found[1] == "N":
            return Scenario("N", (numbers[0], numbers[1]), (numbers[2], numbers[3]))
        if numbers[0] > numbers[1] or numbers[2] > numbers[3]:
            raise _bad(text, "the least is more than the most")
        return Scenario("U", (numbers[0], numbers[1]), (numbers[2], numbers[3]))
    raise _bad(text, "not a traffic scenario")


def _bad(text: str, reason: str) -> InputError:
    return InputError(
        diagnostic("AT003", f"traffic scenario {text!r}: {reason}", path="benchmark.traffic_scenarios", help=_HELP)
    )
