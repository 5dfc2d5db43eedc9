"""Stored results under other weights and limits: the same measurements, scored anew."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

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
    scored = rescore(results, weights)
    return sorted(scored, key=lambda result: math.inf if result.score is None else result.score)


def rescore(
    results: Iterable[Result], weights: Mapping[str, float], slo: Mapping[str, Any] | None = None
) -> list[Result]:
    """The same in the order given; `slo`, the group of a config, takes the place of each result's own."""
    return [_score(result, weights, slo) if result.status == "done" else result for result in results]


def _score(result: Result, weights: Mapping[str, float], slo: Mapping[str, Any] | None) -> Result:
    optimization = {**(result.config.get("optimization") or {}), "weights": dict(weights)}
    limits = {} if slo is None else {"slo": dict(slo)}
    changed = replace(result, config={**result.config, "optimization": optimization, **limits})
    if not result.measurements:
        return changed
    goal, gpus = goal_of(changed), result.deployment.get("gpus") or None
    found = [score_for(item, goal, gpus) for item in result.measurements]
    best = min(range(len(found)), key=lambda index: (found[index].rank, index))
    return replace(changed, best=best, score=None if found[best].disqualified else found[best].score)
