"""The one way in: a strategy by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

from autotune.search.frontier_search import FrontierSearch
from autotune.search.listed import Listed, shuffled
from autotune.search.space import Space
from autotune.search.stages import promising
from autotune.search.strategy import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.search.strategy import Metrics, Point, Predictor, Strategy

#: Every strategy by name, with what it does. `auto` is one of them.
STRATEGIES = {
    "grid": "every point, as the sweep gives them",
    "random": "every point, in an order that the seed decides",
    "bayesian": "Optuna's multi-objective TPE (needs autotune[search])",
    "progressive_pareto": "the point that is expected to add most to the frontier, from what was measured",
    "two_stage": "what is predicted to be on the frontier or near it, corrected by what was measured",
    "hybrid": "progressive_pareto, starting from predictions and correcting them by what was measured",
    "auto": "grid for a dozen points or fewer, hybrid where there are predictions, else progressive_pareto",
}
#: Spaces that `auto` runs in full: a search would need about as many experiments.
SMALL = 12


def make_strategy(
    name: str,
    points: Sequence[Point],
    objectives: Mapping[str, Direction],
    *,
    seed: int = 0,
    predictor: Predictor | None = None,
    max_experiments: int | None = None,
) -> Strategy:
    """A strategy over `points`, a list of flat dicts of what may differ.

    `objectives` says of each metric whether it is to be `max` or `min`. `predictor` gives metrics for the points: one
    entry a point, or a function from a point to them (None where it cannot say). `max_experiments` counts failed ones too;
    without it progressive_pareto, two_stage and hybrid stop after 12 to 17, when another is not expected to be worth it,
    and the others when the points are used up.

    Raises ValueError for a name that is none, no objective or a direction that is none, a limit below one, predictions of
    another number than the points, and for two_stage and hybrid without a predictor; ModuleNotFoundError for bayesian
    without Optuna.
    """
    if name not in STRATEGIES:
        raise ValueError(f"unknown strategy {name!r}; there are {', '.join(STRATEGIES)}")
    if not objectives:
        raise ValueError("a search needs at least one objective")
    wrong = {metric: way for metric, way in objectives.items() if way not in get_args(Direction)}
    if wrong:
        raise ValueError(f"an objective is 'max' or 'min', not {wrong}")
    if max_experiments is not None and max_experiments < 1:
        raise ValueError(f"max_experiments is at least 1, not {max_experiments}")
    chosen = choose_strategy(name, len(points), predicted=predictor is not None, limit=max_experiments)
    if chosen in ("two_stage", "hybrid") and predictor is None:
        raise ValueError(f"{chosen} needs a predictor")
    space = Space(points)
    match chosen:
        case "grid":
            return Listed(space, objectives, range(space.size), max_experiments)
        case "random":
            return Listed(space, objectives, shuffled(space.size, seed), max_experiments)
        case "bayesian":
            from autotune.search.bayesian import Bayesian

            return Bayesian(space, objectives, seed=seed, limit=max_experiments)
    predictions = None if chosen == "progressive_pareto" else _predictions(points, predictor)
    first = promising(space, predictions, objectives) if chosen == "two_stage" and predictions is not None else None
    return FrontierSearch(space, objectives, seed=seed, predictions=predictions, first=first, limit=max_experiments)


def choose_strategy(name: str, size: int, *, predicted: bool, limit: int | None = None) -> str:
    """The strategy that `name` means for so many points: what `auto` takes, or the name itself."""
    if name != "auto":
        return name
    if size <= min(SMALL, limit or SMALL):
        return "grid"
    return "hybrid" if predicted else "progressive_pareto"


def _predictions(points: Sequence[Point], predictor: Predictor | None) -> list[Metrics | None]:
    assert predictor is not None
    if callable(predictor):
        return [predictor(point) for point in points]
    found = list(predictor)
    if len(found) != len(points) or not all(item is None or isinstance(item, Mapping) for item in found):
        raise ValueError(f"a predictor gives metrics, or None, for each of the {len(points)} points")
    return found
