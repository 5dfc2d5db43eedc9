"""What the badly predicted points have in common: the one setting that tells them from the others best.

Each setting is tried as a cut through the pairs (this value against the others; for numbers, from this value up), and the one is
taken that explains most of the variance of log(predicted / measured): a regression tree of depth one (Breiman et al., 1984).
The next is sought in what the first leaves over.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autotune.verify.compared import Compared

#: Pairs on each side of a cut at least, and pairs in all: fewer have something in common by chance.
LEAST_SIDE, LEAST_PAIRS = 2, 6
#: Share of the variance that a cut explains at least, and cuts at most.
LEAST_SHARE, MOST = 0.25, 2


@dataclass(frozen=True, slots=True)
class Common:
    """One cut. `words` name the pairs inside (`concurrency >= 32`); `inside` and `outside` are the geometric means of
    predicted / measured, less 1; the counts are pairs; `explained` is the share of the variance.
    """

    metric: str
    words: str
    inside: float
    outside: float
    pairs_inside: int
    pairs_outside: int
    explained: float

    def as_dict(self) -> dict[str, Any]:
        return {
            "metric": self.metric,
            "where": self.words,
            "bias": self.inside,
            "bias_elsewhere": self.outside,
            "pairs": self.pairs_inside,
            "pairs_elsewhere": self.pairs_outside,
            "explained": self.explained,
        }


def in_common(pairs: Sequence[Compared], metric: str) -> list[Common]:
    """The cuts that explain one metric's errors, the strongest first; often none."""
    known = [pair for pair in pairs if metric in pair.values]
    if len(known) < LEAST_PAIRS:
        return []
    logs = [pair.values[metric].log_ratio for pair in known]
    features = [features_of(pair) for pair in known]
    rest, found, used = list(logs), list[Common](), set[str]()
    for _ in range(MOST):
        best = _best_cut(features, rest, used)
        if best is None:
            break
        name, words, opposite, inside, share = best
        used.add(name)
        groups = [_side(logs, inside, side) for side in (True, False)]
        if abs(statistics.fmean(groups[0])) < abs(statistics.fmean(groups[1])):
            words, groups = opposite, groups[::-1]
        here, there = (math.expm1(statistics.fmean(group)) for group in groups)
        found.append(Common(metric, words, here, there, len(groups[0]), len(groups[1]), share))
        means = {side: statistics.fmean(_side(rest, inside, side)) for side in (True, False)}
        rest = [log - means[side] for log, side in zip(rest, inside, strict=True)]
    return found


def features_of(pair: Compared) -> dict[str, Any]:
    """What may be held against a pair: its load, its server and what was swept."""
    subject = pair.subject
    found: dict[str, Any] = {
        "engine": subject.engine,
        "gpu": subject.gpu,
        "quantization": subject.quantization,
        "model": subject.model,
        **subject.features,
        **pair.settings,
    }
    return {name: value for name, value in found.items() if isinstance(value, str | int | float | bool)}


def _best_cut(
    features: Sequence[Mapping[str, Any]], logs: Sequence[float], used: set[str]
) -> tuple[str, str, str, list[bool], float] | None:
    total = _squares(logs)
    best: tuple[str, str, str, list[bool], float] | None = None
    for name, words, opposite, inside in _cuts(features, used):
        sides = [_side(logs, inside, side) for side in (True, False)]
        if min(map(len, sides)) < LEAST_SIDE or total <= 1e-12:
            continue
        share = 1.0 - sum(map(_squares, sides)) / total
        if share >= LEAST_SHARE and (best is None or share > best[-1] + 1e-9):
            best = (name, words, opposite, inside, share)
    return best


def _cuts(features: Sequence[Mapping[str, Any]], used: set[str]) -> Iterator[tuple[str, str, str, list[bool]]]:
    """Every cut by a feature that all pairs have: its name, words for the pairs that it takes in and for the others, and
    which pairs it takes in.
    """
    names = [name for name in features[0] if name not in used and all(name in row for row in features)]
    for name in names:
        column = [row[name] for row in features]
        numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in column)
        values = sorted(set(column)) if numeric else sorted(set(column), key=str)
        if len(values) < 2:
            continue
        if numeric:
            for value in values[1:]:
                yield name, f"{name} >= {value:g}", f"{name} < {value:g}", [other >= value for other in column]
        else:
            for value in values:
                others = [other for other in values if other != value]
                opposite = f"= {_shown(others[0])}" if len(others) == 1 else f"is not {_shown(value)}"
                yield name, f"{name} = {_shown(value)}", f"{name} {opposite}", [other == value for other in column]


def _side(logs: Sequence[float], inside: Sequence[bool], side: bool) -> list[float]:
    return [log for log, is_in in zip(logs, inside, strict=True) if is_in is side]


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _squares(values: Sequence[float]) -> float:
    middle = statistics.fmean(values)
    return math.fsum((value - middle) ** 2 for value in values)
