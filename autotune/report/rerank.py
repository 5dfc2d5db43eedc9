"""Stored results under other weights: the same measurements, scored anew."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.report.picks import goal_of
from autotune.score import score_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.store.result import Result


def rerank(results: Iterable[Result], weights: Mapping[str, float]) -> list[Result]:
    """The results as if these had been their weights: which load stands for a point, and its score.

    The lowest score first, then what has none, in the order given. Configs say the new weights. Points that are not
    done are left as they are.
    """
    scored = [_score(result, weights) if result.status == "done" else result for result in results]
    return sorted(scored, key=lambda result: math.inf if result.score is None else result.score)


def _score(result: Result, weights: Mapping[str, float]) -> Result:
    optimization = {**(result.config.get("optimization") or {}), "weights": dict(weights)}
    changed = replace(result, config={**result.config, "optimization": optimization})
    if not result.measurements:
        return changed
    goal, gpus = goal_of(changed), result.deployment.get("gpus") or None
    found = [score_for(item, goal, gpus) for item in result.measurements]
    best = min(range(len(found)), key=lambda index: (found[index].rank, index))
    return replace(changed, best=best, score=None if found[best].disqualified else found[best].score)
