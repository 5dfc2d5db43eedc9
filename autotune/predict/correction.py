"""One metric's correction: a factor made of small parts, fitted by ridge regression on logarithms.

    log(measured / predicted) = mean + engine + gpu + quantization + model + (engine x gpu x quantization) + slopes

Every part but the mean is shrunk towards zero by a penalty worth `PENALTY` pairs (ridge regression, Hoerl and Kennard,
Technometrics 12(1), 1970). So a combination with many pairs gets its own factor, one with few leans on its engine's, its
GPU's and its format's, and one never seen on what its parts share with the others.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.predict.ridge import Sums, solve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.predict.pair import Subject

#: Pairs that a part needs before it takes half of what they say.
PENALTY = 4.0
#: A slope is in log-factor per doubling and lies near zero where the formulas are right: pairs x doublings^2 to half belief.
SLOPE_PENALTY = 16.0
#: Least gain in left-out error, as a share, for which a slope is kept.
GAIN = 0.03
#: Folds at most when errors are found, and when slopes are chosen; with more groups several are left out together.
FOLDS, FEW_FOLDS = 40, 10
#: Deviations from a first fit, in median ones, from which on a sample counts for less, and the least such deviation.
HUBER, LEAST_LIMIT = 2.0, 0.02
#: Share of the penalties in that first fit, so that a combination is held against its own pairs and not against the others'.
LOOSE = 0.02
#: No correction beyond this factor either way: what is that far off is a mistake, not an efficiency.
LIMIT = 8.0

MEAN = "mean"


class Sample(NamedTuple):
    """One observed log(measured / predicted), and which samples are left out together with it."""

    subject: Subject
    log_ratio: float
    group: str


@dataclass(frozen=True, slots=True)
class Correction:
    """Parts by name: `mean`, `engine=vllm`, `engine=vllm gpu=h100_sxm quantization=fp8` as log factors, `log2 isl` as log
    factor a doubling away from `centers`.
    """

    parts: Mapping[str, float]
    centers: Mapping[str, float]

    def factor(self, subject: Subject) -> float:
        """What to multiply the prediction by, within LIMIT; parts that were never seen count as none."""
        total = sum(self.parts.get(name, 0.0) * value for name, value in terms(subject, self.centers).items())
        return min(LIMIT, max(1.0 / LIMIT, math.exp(total)))

    def as_dict(self) -> dict[str, Any]:
        return {"parts": dict(self.parts), "centers": dict(self.centers)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Correction:
        """The inverse of `as_dict`."""
        return cls(dict(data["parts"]), dict(data["centers"]))


class Fitted(NamedTuple):
    """A correction, and for each sample the log factor fitted without its group."""

    correction: Correction
    left_out: list[float]


def terms(subject: Subject, centers: Mapping[str, float]) -> dict[str, float]:
    """The parts that a subject has, each with its value: 1, or doublings of a feature."""
    names = {"engine": subject.engine, "gpu": subject.gpu, "quantization": subject.quantization, "model": subject.model}
    known = {f"{key}={value}": 1.0 for key, value in names.items() if value}
    whole = " ".join(f"{key}={names[key]}" for key in ("engine", "gpu", "quantization"))
    found = {MEAN: 1.0, **known, whole: 1.0}
    for feature, center in centers.items():
        value = subject.features.get(feature, 0.0)
        if value > 0:
            found[f"log2 {feature}"] = math.log2(value) - center
    return found


def fit_correction(samples: Sequence[Sample]) -> Fitted | None:
    """The correction with the least left-out error, slopes added one at a time while each earns GAIN; None without samples.

    Samples far from the rest (a server that compiled kernels while it was measured) count for less: Huber's weights, found
    from a first fit (Huber, Annals of Mathematical Statistics 35(1), 1964). With a single group nothing can be left out: the
    error is then that of the fit itself, and there are no slopes.
    """
    if not samples:
        return None
    weights = _weights(samples, _fit(samples, [0] * len(samples), {}, [1.0] * len(samples), shrink=LOOSE))
    few = _folds(samples, FEW_FOLDS)
    centers = _centers(samples) if max(few) > 1 else {}
    chosen: dict[str, float] = {}
    error = _error(samples, _fit(samples, few, {}, weights))
    while len(chosen) < len(centers):
        trials = [
            (_error(samples, _fit(samples, few, {**chosen, name: centers[name]}, weights)), name)
            for name in centers
            if name not in chosen
        ]
        least, name = min(trials)
        if least > error * (1.0 - GAIN):
            break
        chosen[name], error = centers[name], least
    return _fit(samples, _folds(samples, FOLDS), chosen, weights)


def _fit(
    samples: Sequence[Sample],
    folds: Sequence[int],
    centers: Mapping[str, float],
    weights: Sequence[float],
    shrink: float = 1.0,
) -> Fitted:
    rows = [terms(sample.subject, centers) for sample in samples]
    names = sorted({name for row in rows for name in row})
    where = {name: index for index, name in enumerate(names)}
    penalties = [_penalty(name) * shrink for name in names]
    total, parts = Sums(len(names)), [Sums(len(names)) for _ in range(max(folds) + 1)]
    sparse = [[(where[name], value) for name, value in row.items()] for row in rows]
    for row, sample, fold, weight in zip(sparse, samples, folds, weights, strict=True):
        parts[fold].add(row, sample.log_ratio, weight)
    for part in parts:
        total.merge(part)
    found = solve(total, penalties)
    without = [solve(total.minus(part), penalties) for part in parts] if len(parts) > 1 else [found]
    left_out = [
        sum(without[fold][index] * value for index, value in row) for row, fold in zip(sparse, folds, strict=True)
    ]
    return Fitted(Correction(dict(zip(names, found, strict=True)), dict(centers)), left_out)


def _weights(samples: Sequence[Sample], fitted: Fitted) -> list[float]:
    """1 within HUBER typical deviations of the fit, and as much less as a sample is farther away."""
    away = [abs(got - sample.log_ratio) for sample, got in zip(samples, fitted.left_out, strict=True)]
    limit = max(HUBER * statistics.median(away), LEAST_LIMIT)
    return [min(1.0, limit / distance) if distance > 0 else 1.0 for distance in away]


def _penalty(name: str) -> float:
    if name == MEAN:
        return 1e-6
    return SLOPE_PENALTY if name.startswith("log2 ") else PENALTY


def _error(samples: Sequence[Sample], fitted: Fitted) -> float:
    """Mean relative error of the metric, groups left out."""
    errors = (abs(math.expm1(got - sample.log_ratio)) for sample, got in zip(samples, fitted.left_out, strict=True))
    return sum(errors) / len(samples)


def _folds(samples: Sequence[Sample], most: int) -> list[int]:
    """The fold of each sample: its group's, groups dealt out over at most that many folds in the order of their names."""
    order = {group: index for index, group in enumerate(sorted({sample.group for sample in samples}))}
    return [order[sample.group] % most for sample in samples]


def _centers(samples: Sequence[Sample]) -> dict[str, float]:
    """Mean log2 of each feature that every sample has and that is not the same in all."""
    logs: dict[str, list[float]] = {}
    for sample in samples:
        for name, value in sample.subject.features.items():
            if value > 0:
                logs.setdefault(name, []).append(math.log2(value))
    count = len(samples)
    whole = {name: values for name, values in logs.items() if len(values) == count and min(values) < max(values)}
    return {name: sum(values) / count for name, values in sorted(whole.items())}
