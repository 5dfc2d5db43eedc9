"""Numbers with the confidence interval of their mean, where a load was measured several times."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autotune.report.number import UNKNOWN, show_number
from autotune.score.objectives import CENTRAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.metrics import Measurement

#: What `±` means, below a table that has one.
LEGEND = "±: half the 95 % confidence interval of the mean over the repeats (Student's t)"


def show_metric(measurement: Measurement | None, name: str) -> str:
    """A rate by its name, or the mean of a latency (else its median): `35.3`, and `35.3 ±1.2` where it was repeated."""
    known = {} if measurement is None else measurement.metrics()
    path = next((key for key in (name, *(f"{name}.{statistic}" for statistic in CENTRAL)) if key in known), None)
    if measurement is None or path is None:
        return UNKNOWN
    half = measurement.ci95.get(path, math.nan)
    return show_number(known[path]) + (f" ±{show_number(half)}" if math.isfinite(half) else "")


def any_repeated(measurements: Iterable[Measurement]) -> bool:
    """Whether any was measured several times."""
    return any(item.repeats > 1 for item in measurements)
