"""How fast a run found its frontier: the hypervolume after each experiment. Pure.

The hypervolume (Zitzler and Thiele, 1998) is the volume of the objectives' space that at least one measurement dominates,
up to a reference that is worse than all of them. It grows when an experiment adds to the frontier and never shrinks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.score import MAX_ERROR_RATE, Objective, frontier, objective_values
from autotune.score.hypervolume import hypervolume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.metrics import Kind
    from autotune.store.result import Result

#: How far past the worst value of each objective the reference lies, as a share of its range: a little, so that the ends
#: of the frontier count too (Ishibuchi et al., "How to specify a reference point in hypervolume calculation for fair
#: performance comparison", Evolutionary Computation 26(3), 2018, say why it must lie beyond).
MARGIN = 0.1
#: What counts as found: the share that search is judged by in the field.
FOUND = 0.95


@dataclass(frozen=True, slots=True)
class Step:
    """One experiment. `share` is the hypervolume so far over the run's last, `improved` whether this one added to it."""

    experiment: int
    result: Result
    share: float
    improved: bool


@dataclass(frozen=True, slots=True)
class Convergence:
    """Every experiment in the order in which they ended. `reference` is in the units of the objectives, all minimised."""

    steps: tuple[Step, ...]
    reference: tuple[float, ...]

    def experiments_for(self, share: float) -> int:
        """The first experiment after which the hypervolume was at least this share of the last."""
        return next(step.experiment for step in self.steps if step.share >= share)


def find_convergence(results: Sequence[Result], objectives: Sequence[Objective], kind: Kind) -> Convergence | None:
    """The hypervolume over the experiments of one kind; None where none of them gave every objective.

    A point is one experiment, whatever the number of its loads; points that failed count, since they took their time, and
    those that were never started (refused by the checks, cooling down, still running) do not. Without an end time a point
    keeps its place in the run. Measurements with more errors than MAX_ERROR_RATE add nothing.
    """
    tried = [result for result in results if result.kind == kind and result.status in ("done", "failed")]
    tried.sort(key=lambda result: result.finished_at or "")
    found = [_rows(result, objectives) for result in tried]
    everything = [row for rows in found for row in rows]
    if not everything:
        return None
    reference = _beyond(everything)
    front: list[tuple[float, ...]] = []
    volumes: list[tuple[float, bool]] = []
    for rows in found:
        grown = sorted({*front, *rows})
        grown = [grown[index] for index in frontier(grown)]
        improved = grown != front
        volumes.append((hypervolume(grown, reference) if improved else volumes[-1][0] if volumes else 0.0, improved))
        front = grown
    last = volumes[-1][0]
    return Convergence(
        tuple(
            Step(place + 1, result, min(1.0, size / last), improved)
            for place, (result, (size, improved)) in enumerate(zip(tried, volumes, strict=True))
        ),
        reference,
    )


def _rows(result: Result, objectives: Sequence[Objective]) -> list[tuple[float, ...]]:
    gpus = int(result.deployment.get("gpus") or 0) or None
    rows = [
        objective_values(item, objectives, gpus) for item in result.measurements if item.error_rate <= MAX_ERROR_RATE
    ]
    return [row for row in rows if all(math.isfinite(value) for value in row)]


def _beyond(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """A little worse than the worst of each column; where a column has one value only, a share of its size."""
    found = []
    for column in zip(*rows, strict=True):
        worst, best = max(column), min(column)
        found.append(worst + MARGIN * ((worst - best) or abs(worst) or 1.0))
    return tuple(found)
