"""Weights that always sum to 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, diagnostic, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "optimization.weights"
#: What a sum may be off by: decimal fractions such as 0.1 are none in binary.
_TOLERANCE = 1e-9


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
    return _scale(weights, {name: value if len(weights) > 1 else 1.0})


def change_weights(weights: Mapping[str, float], changes: Mapping[str, float]) -> dict[str, float]:
    """Set several weights at once and scale the others in proportion, so that all sum to 1.

    Raises InputError (AT003) with everything that is wrong with the changes: an unknown objective, a weight outside 0 to
    1, another weight than 1 for the only objective, and weights that leave the others less than nothing, or have no
    others to take the rest.
    """
    wrong = [problem for name, value in changes.items() if (problem := _problem(weights, name, value)) is not None]
    total = math.fsum(changes.values())
    if not wrong and total > 1 + _TOLERANCE:
        wrong.append(
            (f"the weights set sum to {total:g}; all together sum to 1", f"lower them by {total - 1:g} in all")
        )
    elif not wrong and changes.keys() == weights.keys() and total < 1 - _TOLERANCE:
        wrong.append((
            f"the weights set sum to {total:g}, and no other objective is left to take the rest",
            "leave one of them out: it gets what is left",
        ))  # fmt: skip
    if wrong:
        raise InputError(*(diagnostic("AT003", what, path=PATH, help=help_) for what, help_ in wrong))
    return _scale(weights, changes)


def _problem(weights: Mapping[str, float], name: str, value: float) -> tuple[str, str] | None:
    """What is wrong with one change, and what to do."""
    if name not in weights:
        return f"{name} is none of the objectives", suggest(name, weights)
    if not 0 <= value <= 1:
        return f"the weight of {name} is {value:g}; a weight is between 0 and 1", "the others share what is left of 1"
    if len(weights) == 1 and value != 1:
        return f"{name} is the only objective, so its weight stays 1", "name a second one in optimization.objectives"
    return None


def _scale(weights: Mapping[str, float], changes: Mapping[str, float]) -> dict[str, float]:
    others = normalise({name: weight for name, weight in weights.items() if name not in changes})
    left = max(0.0, 1.0 - math.fsum(changes.values()))
    return {name: changes[name] if name in changes else others[name] * left for name in weights}


def percentages(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights as percent to one decimal that sum to exactly 100, each within 0.1 of its own (the largest remainders go up).

    Raises ValueError like `normalise`, and for no weights at all.
    """
    if not weights:
        raise ValueError("there are no weights")
    exact = {name: 1000 * weight for name, weight in normalise(weights).items()}
    tenths = {name: math.floor(value) for name, value in exact.items()}
    left = 1000 - sum(tenths.values())
    ordered = sorted(exact, key=lambda name: tenths[name] - exact[name])
    return {name: (tenths[name] + (name in ordered[:left])) / 10 for name in weights}
