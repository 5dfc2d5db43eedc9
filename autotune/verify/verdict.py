"""The whole comparison of one predictor with what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.verify.agreement import Agreement, agreements
from autotune.verify.align import METRICS
from autotune.verify.choice import Overlap, Regret, compare_frontiers, regrets
from autotune.verify.common import Common, in_common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.score import Objective
    from autotune.verify.compared import Compared

#: How many of the worst pairs are listed.
WORST = 5


@dataclass(frozen=True, slots=True)
class Worst:
    """One badly predicted pair, by the metric that is furthest off: its index among the pairs."""

    index: int
    metric: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`predictor` is its label, `version` its version, `expected_error` its own words about its error.

    `overlap` is None where no pair has all objectives.
    """

    predictor: str
    version: str
    expected_error: str
    pairs: tuple[Compared, ...]
    objectives: tuple[Objective, ...]
    agreements: tuple[Agreement, ...]
    overlap: Overlap | None
    regrets: tuple[Regret, ...]
    worst: tuple[Worst, ...]
    common: tuple[Common, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `verify --format json`."""
        return {
            "predictor": self.predictor,
            "version": self.version,
            "expected_error": self.expected_error,
            "objectives": [item.name for item in self.objectives],
            "metrics": {item.metric: item.as_dict() for item in self.agreements},
            "frontier": None if self.overlap is None else self.overlap.as_dict(),
            "regret": [item.as_dict() for item in self.regrets],
            "in_common": [item.as_dict() for item in self.common],
            "pairs": [pair_data(pair) for pair in self.pairs],
        }


def judge(
    pairs: Sequence[Compared],
    objectives: Sequence[Objective],
    *,
    predictor: str,
    version: str = "",
    expected_error: str = "",
) -> Verdict:
    """Compare. Pairs that share no metric are left out."""
    known = tuple(pair for pair in pairs if pair.values)
    return Verdict(
        predictor,
        version,
        expected_error,
        known,
        tuple(objectives),
        tuple(agreements(known)),
        compare_frontiers(known, objectives),
        tuple(regrets(known, objectives)),
        tuple(_worst(known)),
        tuple(item for name in METRICS for item in in_common(known, name)),
    )


def pair_data(pair: Compared) -> dict[str, Any]:
    """One pair as plain data."""
    return {
        "run_id": pair.run_id,
        "point_id": pair.point_id,
        "point": pair.name,
        "scenario": pair.load.scenario,
        "concurrency": pair.load.concurrency,
        "request_rate": pair.load.request_rate,
        "metrics": {
            name: {"predicted": item.predicted, "measured": item.measured, "error": item.error}
            for name, item in pair.values.items()
        },
    }


def _worst(pairs: Sequence[Compared]) -> list[Worst]:
    """The pairs that are furthest off, each by its worst metric."""
    rated = []
    for index, pair in enumerate(pairs):
        metric = max(pair.values, key=lambda name: abs(pair.values[name].log_ratio))
        rated.append((abs(pair.values[metric].log_ratio), Worst(index, metric)))
    rated.sort(key=lambda item: (-item[0], item[1].index))
    return [item for _, item in rated[:WORST]]
