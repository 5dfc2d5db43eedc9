"""Student's t, as far as a confidence interval of a mean needs it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS = 200


def half_width(values: Sequence[float], confidence: float = 0.95) -> float:
    """Half the width of the confidence interval of the mean of these values, in their unit; NaN for fewer than two.

    t * s / sqrt(n) with s the sample's standard deviation (n - 1 in the denominator) and t the two-sided quantile of
    n - 1 degrees of freedom: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.2. It takes the repeats for
    independent and normally distributed.
    """
    count = len(values)
    if count < 2:
        return math.nan
    mean = math.fsum(values) / count
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return t_quantile(count - 1, confidence) * math.sqrt(variance / count)


def t_quantile(freedom: int, confidence: float) -> float:
    """The t whose interval [-t, t] holds `confidence` of Student's distribution: 12.706 for one degree and 0.95.

    By bisection on the angle arctan(t / sqrt(freedom)), in which `t_probability` grows steadily from 0 to 1.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if t_probability(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return math.tan(low) * math.sqrt(freedom)


def t_probability(angle: float, freedom: int) -> float:
    """How much of Student's distribution lies within +-sqrt(freedom) * tan(angle).

    The finite series of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 (odd degrees of freedom) and
    26.7.4 (even ones); exact for whole degrees of freedom.
    """
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, cosine if freedom > 1 else 0.0) if odd else (1.0, 1.0)
    for step in range(2 + odd, freedom - 1, 2):
        term *= (step - 1) / step * cosine**2
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
