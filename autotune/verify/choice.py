"""What believing the predictions would have cost: their frontier against the measured one, and their best against the best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.score import frontier, objective_values, score_measurement
from autotune.score.hypervolume import hypervolume, worst_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autotune.metrics import Measurement
    from autotune.score import Objective
    from autotune.verify.compared import Compared

SCORE = "score"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Indices into the pairs: on the frontier by prediction, and by measurement.

    `reached` is the share of the measured frontier's hypervolume that the predicted frontier's points cover when they are
    measured, the worst measured value of each objective being the reference; NaN where that leaves no volume.
    """

    predicted: tuple[int, ...]
    measured: tuple[int, ...]
    reached: float

    @property
    def shared(self) -> tuple[int, ...]:
        """On both."""
        return tuple(index for index in self.predicted if index in self.measured)

    def as_dict(self) -> dict[str, Any]:
        return {
            "predicted": len(self.predicted),
            "measured": len(self.measured),
            "shared": len(self.shared),
            "hypervolume_reached": self.reached if math.isfinite(self.reached) else None,
        }


@dataclass(frozen=True, slots=True)
class Loss:
    """Under one load: the pair that is predicted to be best, the one that is best (indices), and how much worse the first
    measured, as a share: 0.1 is 10 % more latency or 10 % less throughput. `load` is empty for all loads together.
    """

    load: str
    chosen: int
    best: int
    share: float


@dataclass(frozen=True, slots=True)
class Regret:
    """Taking what is predicted to be best, by one objective, under each load that several points were measured under."""

    objective: str
    losses: tuple[Loss, ...]

    @property
    def mean(self) -> float:
        return math.fsum(item.share for item in self.losses) / len(self.losses)

    @property
    def worst(self) -> Loss:
        return max(self.losses, key=lambda item: item.share)

    def as_dict(self) -> dict[str, Any]:
        return {"objective": self.objective, "loads": len(self.losses), "mean": self.mean, "worst": self.worst.share}


def compare_frontiers(pairs: Sequence[Compared], objectives: Sequence[Objective]) -> Overlap | None:
    """Both frontiers over the pairs that have every objective on either side; None where none has."""
    predicted = [objective_values(pair.predicted, objectives, pair.gpus) for pair in pairs]
    measured = [objective_values(pair.measured, objectives, pair.gpus) for pair in pairs]
    known = [
        index
        for index, row in enumerate(zip(predicted, measured, strict=True))
        if all(math.isfinite(value) for side in row for value in side)
    ]
    if not known:
        return None
    expected = tuple(known[index] for index in frontier([predicted[index] for index in known]))
    real = tuple(known[index] for index in frontier([measured[index] for index in known]))
    reference = worst_of([measured[index] for index in known])
    whole = hypervolume([measured[index] for index in real], reference)
    reached = hypervolume([measured[index] for index in expected], reference) / whole if whole > 0 else math.nan
    return Overlap(expected, real, reached)


def regrets(pairs: Sequence[Compared], objectives: Sequence[Objective]) -> list[Regret]:
    """One for each objective, and for the score where there are several objectives. Ties go to the first pair."""
    sides: dict[str, Callable[[Measurement, Compared], float]] = {
        item.name: lambda measurement, pair, item=item: item.value(measurement, pair.gpus)  # type: ignore[misc]
        for item in objectives
    }
    if len(objectives) > 1:
        sides[SCORE] = lambda measurement, pair: score_measurement(measurement, pair.config).score
    found = []
    for name, value in sides.items():
        rows = [(value(pair.predicted, pair), value(pair.measured, pair)) for pair in pairs]
        known = [index for index, row in enumerate(rows) if all(map(math.isfinite, row))]
        losses = tuple(_loss(load, chosen, rows) for load, chosen in _by_load(pairs, known).items())
        if losses:
            found.append(Regret(name, losses))
    return found


def _by_load(pairs: Sequence[Compared], known: Sequence[int]) -> dict[str, list[int]]:
    """The pairs under each load that leaves a choice; where none does, all together."""
    groups: dict[str, list[int]] = {}
    for index in known:
        groups.setdefault(pairs[index].load.label, []).append(index)
    several = {load: indices for load, indices in groups.items() if len(indices) > 1}
    return several or ({"": list(known)} if len(known) > 1 else {})


def _loss(load: str, indices: Sequence[int], rows: Sequence[tuple[float, float]]) -> Loss:
    """From (predicted, measured), lower being better."""
    chosen = min(indices, key=lambda index: rows[index][0])
    best = min(indices, key=lambda index: rows[index][1])
    got, wanted = rows[chosen][1], rows[best][1]
    if got == wanted:
        return Loss(load, chosen, best, 0.0)
    # A maximised objective is negated: what is lost is a share of the best. Of a minimised one it is the excess over it.
    share = 1.0 - got / wanted if wanted < 0 else (got / wanted - 1.0 if wanted > 0 else math.inf)
    return Loss(load, chosen, best, share)
