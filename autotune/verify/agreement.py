"""How well predictions of one metric agree with measurements: how far off, to which side, and whether the order is right."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from autotune.verify.align import METRICS
from autotune.verify.rank import kendall, spearman

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.verify.align import Values
    from autotune.verify.compared import Compared


@dataclass(frozen=True, slots=True)
class Agreement:
    """One metric over all pairs. Errors are shares of the measured value, 0.2 is 20 %.

    `mape` is the mean and `median` the median of |predicted / measured - 1|; `bias` is the geometric mean of
    predicted / measured, less 1, so that twice too high and half cancel out: the one factor that would help most. `worst`
    is the largest factor between the two, at least 1. Rank correlations are NaN where there is no order to find.
    """

    metric: str
    pairs: int
    mape: float
    median: float
    bias: float
    worst: float
    spearman: float
    kendall: float
    medians: int = 0
    """Of the pairs, those whose measured value is a median: the tool gave no mean."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data; what is not known is None."""
        return {name: None if _unknown(value) else value for name, value in asdict(self).items()}


def agreement(metric: str, values: Sequence[Values]) -> Agreement | None:
    """The agreement of one metric; None without pairs."""
    if not values:
        return None
    errors = [abs(item.error) for item in values]
    logs = [item.log_ratio for item in values]
    predicted, measured = [item.predicted for item in values], [item.measured for item in values]
    return Agreement(
        metric,
        len(values),
        mape=statistics.fmean(errors),
        median=statistics.median(errors),
        bias=math.expm1(statistics.fmean(logs)),
        worst=math.exp(max(map(abs, logs))),
        spearman=spearman(predicted, measured),
        kendall=kendall(predicted, measured),
        medians=sum(item.median for item in values),
    )


def agreements(pairs: Sequence[Compared]) -> list[Agreement]:
    """One for each metric that some pair has, in the order of METRICS."""
    found = (agreement(name, [pair.values[name] for pair in pairs if name in pair.values]) for name in METRICS)
    return [item for item in found if item is not None]


def _unknown(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
