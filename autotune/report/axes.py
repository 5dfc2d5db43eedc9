"""The axes that a Pareto plot may have, one for each objective, and which pairs of them are worth a plot."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.score import OBJECTIVES, Objective

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.metrics import Measurement
    from autotune.report.attainment import Limit

#: More pairs than a reader would switch between; six are all pairs of four objectives.
MAX_PAIRS = 6
_TITLES = {
    "minimize_latency": "end-to-end latency, ms",
    "maximize_throughput": "output tokens/s",
    "maximize_goodput": "goodput, requests/s",
    "minimize_ttft": "TTFT, ms",
    "minimize_tpot": "output tokens/s per user (1000 / TPOT)",
}
#: Latency objective -> the SLO's name of it.
_SLO = {"minimize_latency": "e2e_latency", "minimize_ttft": "ttft", "minimize_tpot": "tpot"}


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis. `inverse` shows 1000 / TPOT, the speed that one user sees, which is the field's usual way."""

    objective: Objective

    @property
    def inverse(self) -> bool:
        return self.objective.name == "minimize_tpot"

    @property
    def maximise(self) -> bool:
        """Whether more is better on this axis."""
        return self.objective.maximise or self.inverse

    @property
    def title(self) -> str:
        base = self.objective.name.removesuffix("_per_gpu")
        if not self.objective.per_gpu:
            return _TITLES[base]
        return f"{_TITLES[base]} per GPU" if self.objective.maximise else f"{_short_metric(base)} x GPUs, ms"

    @property
    def short(self) -> str:
        """A word or two, for a choice between plots."""
        return "speed per user" if self.inverse else self.title.partition(",")[0]

    def read(self, measurement: Measurement, gpus: int | None) -> float:
        """The value on this axis; NaN where it is not known."""
        value = self.objective.metric(measurement, gpus)
        if not self.inverse:
            return value
        return 1000.0 / value if value > 0 else math.nan

    def limit(self, limit: Limit) -> float | None:
        """Where on this axis an SLO on the mean lies; None for limits of something else."""
        if self.objective.per_gpu or limit.statistic != "mean" or _SLO.get(self.objective.name) != limit.metric:
            return None
        return 1000.0 / limit.threshold_ms if self.inverse else limit.threshold_ms


def axis_pairs(objectives: Sequence[Objective]) -> list[tuple[Axis, Axis]]:
    """(x, y) of each plot: every pair of objectives, throughput upwards. A lone objective gets a companion."""
    axes = [Axis(objective) for objective in objectives]
    if len(axes) == 1:
        other = "minimize_tpot" if axes[0].objective.maximise else "maximize_throughput_per_gpu"
        axes.append(Axis(OBJECTIVES[other]))
    pairs = itertools.islice(itertools.combinations(axes, 2), MAX_PAIRS)
    return [(second, first) if first.objective.maximise else (first, second) for first, second in pairs]


def _short_metric(name: str) -> str:
    return _TITLES[name].partition(",")[0].partition(" ")[0] if name != "minimize_tpot" else "TPOT"
