"""Weights that always sum to 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def normalise(weights: Mapping[str, float]) -> dict[str, float]:
    """The same weights, scaled to sum to 1; all zero become equal. Raises ValueError for a negative or non-finite one."""
    for name, weight in weights.items():
        if not math.isfinite(weight) or weight < 0:
            raise ValueError(f"weight of {name} is {weight}; weights are finite and not negative")
    largest = max(weights.values(), default=0.0)
    if largest == 0:
        return {name: 1.0 / len(weights) for name in weights}
    # Dividing by the largest first keeps the sum finite, whatever the weights' size.
    total = math.fsum(weight / largest for weight in weights.values())
    return {name: weight / largest / total for name, weight in weights.items()}


def rebalance(weights: Mapping[str, float], name: str, value: float) -> dict[str, float]:
    """Set one weight to `value` (0 to 1) and scale the others in proportion, so that all sum to 1 again.

    Others that are all zero share what is left evenly; a weight without others can only be 1. Raises KeyError for an
    unknown name, ValueError for a value outside 0 to 1.
    """
    if name not in weights:
        raise KeyError(f"no weight {name!r}; there are {', '.join(weights)}")
    if not 0 <= value <= 1:
        raise ValueError(f"weight of {name} is {value}; a weight is between 0 and 1")
    others = normalise({other: weight for other, weight in weights.items() if other != name})
    if not others:
        return {name: 1.0}
    return {other: value if other == name else others[other] * (1.0 - value) for other in weights}
