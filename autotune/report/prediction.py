"""What was predicted beside what came out, load by load."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autotune.score import OBJECTIVES, Objective

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.report.rows import Row
    from autotune.store.result import Predicted

METRICS = ("maximize_throughput_per_gpu", "minimize_tpot", "minimize_ttft")


class Foretold(NamedTuple):
    """A load with what was predicted for it."""

    row: Row
    predicted: Predicted

    def ratio(self, objective: Objective) -> float:
        """Predicted / measured in one metric; NaN where either is not known or not positive."""
        gpus = self.row.gpus or None
        said = objective.metric(self.predicted.measurement, gpus)
        found = objective.metric(self.row.measurement, gpus)
        return said / found if said > 0 and found > 0 and math.isfinite(said / found) else math.nan


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Predicted / measured over all loads in one metric. `mape` is the mean of |ratio - 1|."""

    objective: Objective
    loads: int
    median: float
    low: float
    high: float
    mape: float


def find_predictions(rows: Sequence[Row]) -> list[Foretold]:
    """The rows that something was predicted for, with the first prediction for the same load."""
    found = []
    for row in rows:
        load = row.measurement.load
        said = next((item for item in row.result.predictions if item.measurement.load == load), None)
        if said is not None:
            found.append(Foretold(row, said))
    return found


def find_accuracy(foretold: Sequence[Foretold]) -> list[Accuracy]:
    """How far off the predictions were, for each metric that both sides have."""
    return [item for name in METRICS if (item := _accuracy(OBJECTIVES[name], foretold)) is not None]


def _accuracy(objective: Objective, foretold: Sequence[Foretold]) -> Accuracy | None:
    ratios = [ratio for item in foretold if not math.isnan(ratio := item.ratio(objective))]
    if not ratios:
        return None
    mape = statistics.fmean(abs(ratio - 1) for ratio in ratios)
    return Accuracy(objective, len(ratios), statistics.median(ratios), min(ratios), max(ratios), mape)
