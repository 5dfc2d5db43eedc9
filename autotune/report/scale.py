"""A scale: numbers to places on a line, and the ticks that a reader wants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Latencies that are this many times apart are drawn on a logarithmic scale, or most of them would lie on each other.
LOG_FROM = 20.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers from `low` to `high`, linear or logarithmic, with the numbers to write beside the line."""

    low: float
    high: float
    logarithmic: bool
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """0 at the low end, 1 at the high end; below 0 and past 1 for what lies outside."""
        if self.logarithmic:
            return math.log(max(value, self.low / 1e6) / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def text(self, tick: float) -> str:
        """A tick's number, with as many decimals as the ticks need to differ."""
        if self.logarithmic:
            return f"{tick:,.12g}" if 1e-3 <= tick < 1e9 else f"{tick:.0e}"
        step = self.ticks[1] - self.ticks[0]
        digits = next((digits for digits in range(12) if math.isclose(step, round(step, digits), rel_tol=1e-6)), 12)
        return f"{tick:,.{digits}f}"


def linear_scale(values: Iterable[float]) -> Scale:
    """From 0 to just past the largest, with about five ticks. `values` are finite; negative ones are not drawn."""
    largest = max(values, default=0.0)
    if largest <= 0:
        return Scale(0.0, 1.0, logarithmic=False, ticks=(0.0, 1.0))
    rough = largest / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    count = math.ceil(largest * 1.04 / step)
    return Scale(0.0, count * step, logarithmic=False, ticks=tuple(index * step for index in range(count + 1)))


def log_scale(values: Iterable[float]) -> Scale:
    """From just below the smallest to just past the largest positive value, with ticks at 1, 2 and 5 times powers of ten;
    at powers of ten alone where the range is wide.
    """
    known = [value for value in values if value > 0]
    low, high = min(known) / 1.15, max(known) * 1.15
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 2, 5) if high < 2000 * low else (1,)
    marks = [factor * 10.0**decade for decade in decades for factor in factors]
    return Scale(low, high, logarithmic=True, ticks=tuple(mark for mark in marks if low <= mark <= high))


def fitting_scale(values: Iterable[float], *, maximise: bool) -> Scale:
    """Linear for what is maximised; for what is minimised logarithmic where the values are far apart."""
    known = list(values)
    positive = [value for value in known if value > 0]
    wide = len(positive) == len(known) and positive and max(positive) >= LOG_FROM * min(positive)
    return log_scale(positive) if wide and not maximise else linear_scale(known)
