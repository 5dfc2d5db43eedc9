"""The loads of a run that one would choose, by name: `best`, `slo`, `knee`, and where no load meets its limits, `nearest`.

Limits are the targets of the slo group and the constraints. A load can be picked where it may win at all (see
`Scored.disqualified`: no hard SLO failure, no unmet constraint, few failed requests, every objective measured):

- **best** has the lowest score.
- **slo** has the lowest score among those that meet every limit; named only where there are limits.
- **knee** is the knee of the frontier (`autotune.score.knee`) of all loads that may win.
- **nearest** is the load that has least to give where none meets every limit: of its limits the worst is exceeded by the
  smallest share, then the sum of the shares is smaller, then the score. Limits whose distance is not known come first.

Candidates are laid against each other, so all must be of one kind (measured, emulated, predicted).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from autotune.score.knee import knee
from autotune.score.objectives import objective_values
from autotune.score.score import MAX_ERROR_RATE, Scored, score_for
from autotune.score.shortfall import Shortfall, find_shortfalls
from autotune.score.slo import has_targets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.metrics import Measurement
    from autotune.score.goal import Goal

PickName = Literal["best", "slo", "knee", "nearest"]
PICKS: tuple[PickName, ...] = ("best", "slo", "knee", "nearest")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One load that was measured on one point. `gpus` is the size of its server; None takes it from the measurement."""

    measurement: Measurement
    goal: Goal
    gpus: int | None = None


@dataclass(frozen=True, slots=True)
class Picks:
    """`chosen` has the index of each candidate that was picked, by name; `why_not` says of each other name why there is none.

    `shortfalls` are the limits that each candidate misses, in the candidates' order; `scores` what each one scores.
    """

    chosen: Mapping[PickName, int] = field(default_factory=dict)
    why_not: Mapping[PickName, str] = field(default_factory=dict)
    shortfalls: tuple[tuple[Shortfall, ...], ...] = ()
    scores: tuple[float, ...] = ()


def choose_picks(candidates: Sequence[Candidate]) -> Picks:
    """Name the picks among the candidates; the frontier is over the first one's objectives. Ties go to the first."""
    scored = [score_for(item.measurement, item.goal, item.gpus) for item in candidates]
    missed = tuple(find_shortfalls(item.measurement, item.goal) for item in candidates)
    able = [index for index, item in enumerate(scored) if not item.disqualified]
    chosen: dict[PickName, int] = {}
    why_not: dict[PickName, str] = {}

    def name(pick: PickName, index: int | None, otherwise: str) -> None:
        if index is None:
            why_not[pick] = otherwise
        else:
            chosen[pick] = index

    name("best", _lowest(able, scored), _why_none(scored))
    if not any(_has_limits(item.goal) for item in candidates):
        why_not["slo"] = "there is no limit to meet: the slo group has no target and optimization.constraints is empty"
        why_not["nearest"] = "there is no limit to meet"
    else:
        name("slo", _lowest([index for index in able if not missed[index]], scored), "no load meets every limit")
        near = None if "slo" in chosen else _nearest(candidates, scored, missed)
        name("nearest", near, "a load meets every limit" if "slo" in chosen else _why_none(scored))
    name("knee", _knee(candidates, able), "no load on the frontier lies between its ends and nearer to the ideal")
    return Picks(chosen, why_not, missed, tuple(item.score for item in scored))


def _lowest(indices: Sequence[int], scored: Sequence[Scored]) -> int | None:
    return min(indices, key=lambda index: (scored[index].score, index), default=None)


def _knee(candidates: Sequence[Candidate], able: Sequence[int]) -> int | None:
    if not able:
        return None
    objectives = candidates[0].goal.objectives
    found = knee(
        [objective_values(candidates[index].measurement, objectives, candidates[index].gpus) for index in able]
    )
    return None if found is None else able[found]


def _nearest(
    candidates: Sequence[Candidate], scored: Sequence[Scored], missed: Sequence[Sequence[Shortfall]]
) -> int | None:
    """The sound candidate that has least to give."""

    def least(index: int) -> tuple[int, float, float, float, int]:
        known = [item.excess for item in missed[index] if not math.isnan(item.excess)]
        unknown = len(missed[index]) - len(known)
        return unknown, max(known, default=0.0), math.fsum(known), scored[index].score, index

    sound = [index for index, item in enumerate(candidates) if _is_sound(item, scored[index])]
    return min(sound, key=least, default=None)


def _is_sound(candidate: Candidate, scored: Scored) -> bool:
    return candidate.measurement.error_rate <= MAX_ERROR_RATE and not math.isnan(scored.score)


def _has_limits(goal: Goal) -> bool:
    return has_targets(goal.slo) or bool(goal.constraints)


def _why_none(scored: Sequence[Scored]) -> str:
    if not scored:
        return "nothing was measured"
    return f"no load may win; the first: {'; '.join(scored[0].disqualified)}"
