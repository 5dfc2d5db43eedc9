"""Factors that bring one predictor's figures to what was measured, and how far off they still are.

`fit(pairs, predictor=..., version=...)` gives a `Calibration`; `apply` lays it on a predicted `Measurement`, `Calibrated`
makes a predictor out of a predictor and its calibration. `as_dict` and `from_dict` are for keeping it as JSON.

TTFT and TPOT have corrections of their own. The other latencies follow: ITL is TPOT's, end-to-end latency is TTFT plus the
rest at TPOT's factor. Rates follow by Little's law (in a closed loop they go as 1 / latency), and what measured rates then
still differ by, start-up and tail of a benchmark, has a third correction.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autotune.metrics import RATES
from autotune.predict.correction import Correction, Sample, fit_correction
from autotune.predict.pair import Pair, Subject, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.metrics import Measurement

__all__ = ["FORMAT", "Calibration", "MetricError", "Pair", "Subject", "fit", "subject_of"]

#: Version of `Calibration.as_dict`.
FORMAT = 1

TTFT, TPOT, E2E = "ttft_ms.mean", "tpot_ms.mean", "e2e_latency_ms.mean"
RATE = "output_tokens_per_s_per_gpu"
_WORDS = {TTFT: "TTFT", TPOT: "TPOT", RATE: "tok/s/GPU"}


@dataclass(frozen=True, slots=True)
class MetricError:
    """How far predictions of one metric are from measurements: |predicted - measured| / measured, 0.2 is 20 %.

    `mean` (MAPE) and `median` are with the calibration fitted without the pair's group; `raw_mean` and `raw_median` without
    a calibration. `pairs` is how many there were.
    """

    mean: float
    median: float
    raw_mean: float
    raw_median: float
    pairs: int

    def as_dict(self) -> dict[str, float]:
        return {
            "mean": self.mean,
            "median": self.median,
            "raw_mean": self.raw_mean,
            "raw_median": self.raw_median,
            "pairs": self.pairs,
        }


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corrections by metric, for the figures of one predictor in one version.

    `errors` has an entry for TTFT, TPOT and output tokens/s/GPU where they were measured. `coverage` counts the pairs of
    each `engine gpu quantization`.
    """

    predictor: str
    version: str
    corrections: Mapping[str, Correction]
    errors: Mapping[str, MetricError]
    coverage: Mapping[str, int]

    @property
    def pairs(self) -> int:
        """How many pairs it was fitted from."""
        return sum(self.coverage.values())

    def factor(self, metric: str, subject: Subject) -> float:
        """What a prediction of `ttft_ms.mean`, `tpot_ms.mean` or `output_tokens_per_s_per_gpu` (after Little's law) is
        multiplied by; 1 for other metrics.
        """
        correction = self.corrections.get(metric)
        return 1.0 if correction is None else correction.factor(subject)

    def apply(self, measurement: Measurement, subject: Subject) -> Measurement:
        """The calibrated form of a predicted measurement; every statistic of a latency gets the mean's factor.

        Raises ValueError for a measurement that was not predicted.
        """
        if measurement.kind != "predicted":
            raise ValueError(f"a {measurement.kind} measurement is not calibrated; only predictions are")
        return _scaled(measurement, *(self.factor(metric, subject) for metric in (TTFT, TPOT, RATE)))

    def expected_error(self, subject: Subject | None = None) -> str:
        """Words for people, e.g. `calibrated on 48 pairs: TPOT off by 12 % on average (23 % uncalibrated), ...`.

        With a subject it says too where no pair had its engine, GPU and quantization.
        """
        found = ", ".join(
            f"{_WORDS[metric]} off by {error.mean:.0%} on average ({error.raw_mean:.0%} uncalibrated)"
            for metric, error in self.errors.items()
        )
        text = f"calibrated on {self.pairs} pairs of {self.predictor} {self.version}: {found or 'nothing to compare'}"
        if subject is not None and not self.coverage.get(_place(subject)):
            text += f"; none of them for {_place(subject)}"
        return text

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON. `format` is its own version."""
        return {
            "format": FORMAT,
            "predictor": self.predictor,
            "version": self.version,
            "corrections": {name: item.as_dict() for name, item in self.corrections.items()},
            "errors": {name: item.as_dict() for name, item in self.errors.items()},
            "coverage": dict(self.coverage),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """The inverse of `as_dict`. Raises ValueError for data that is no calibration, or of another format."""
        if data.get("format") != FORMAT:
            raise ValueError(
                f"format {data.get('format')!r} of a calibration is not known; this version reads {FORMAT}"
            )
        try:
            return cls(
                predictor=str(data["predictor"]),
                version=str(data["version"]),
                corrections={name: Correction.from_dict(item) for name, item in data["corrections"].items()},
                errors={name: MetricError(**item) for name, item in data["errors"].items()},
                coverage={name: int(count) for name, count in data["coverage"].items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a calibration: {error!r}") from None


def fit(pairs: Iterable[Pair], *, predictor: str = "roofline", version: str = "") -> Calibration:
    """The calibration of a predictor's figures from pairs; any number of them, in any order of groups.

    Metrics that a pair lacks on either side, and values that are not positive and finite, are passed over. Without
    usable pairs the calibration changes nothing.
    """
    kept = [(pair, pair.group or f"pair {index}") for index, pair in enumerate(pairs)]
    corrections: dict[str, Correction] = {}
    left_out: dict[str, dict[int, float]] = {}
    for metric in (TTFT, TPOT, RATE):
        ratios = [(index, _log_ratio(pair, metric)) for index, (pair, _) in enumerate(kept)]
        usable = [(index, ratio) for index, ratio in ratios if ratio is not None]
        fitted = fit_correction([Sample(kept[index][0].subject, ratio, kept[index][1]) for index, ratio in usable])
        if fitted is not None:
            corrections[metric] = fitted.correction
            left_out[metric] = {index: log for (index, _), log in zip(usable, fitted.left_out, strict=True)}
    errors = {metric: error for metric in corrections if (error := _error(kept, metric, left_out)) is not None}
    coverage: dict[str, int] = {}
    for pair, _ in kept:
        coverage[_place(pair.subject)] = coverage.get(_place(pair.subject), 0) + 1
    return Calibration(predictor, version, corrections, errors, coverage)


def _place(subject: Subject) -> str:
    return f"{subject.engine} {subject.gpu} {subject.quantization}"


def _known(values: Mapping[str, float], metric: str) -> float | None:
    value = values.get(metric)
    return value if value is not None and math.isfinite(value) and value > 0 else None


def _log_ratio(pair: Pair, metric: str) -> float | None:
    """log(measured / predicted); for rates, of what the measured latencies leave unexplained."""
    predicted, measured = _known(pair.predicted, metric), _known(pair.measured, metric)
    if predicted is None or measured is None:
        return None
    ratio = math.log(measured / predicted)
    if metric == RATE:
        ratios = [_log_ratio(pair, latency) or 0.0 for latency in (TTFT, TPOT)]
        ratio += math.log(_slowdown(pair, *(math.exp(item) for item in ratios)))
    return ratio


def _slowdown(pair: Pair, ttft: float, tpot: float) -> float:
    """End-to-end latency at these factors over the predicted one; 1 in an open loop, whose rate is the arrivals'."""
    total, first = _known(pair.predicted, E2E), _known(pair.predicted, TTFT)
    if "request_rate" in pair.subject.features or total is None or first is None:
        return 1.0
    return (first * ttft + (total - first) * tpot) / total


def _error(
    kept: Sequence[tuple[Pair, str]], metric: str, left_out: Mapping[str, Mapping[int, float]]
) -> MetricError | None:
    errors, raw = [], []
    for index, log in left_out[metric].items():
        pair = kept[index][0]
        factor = math.exp(log)
        if metric == RATE:
            factor /= _slowdown(pair, *(math.exp(left_out.get(name, {}).get(index, 0.0)) for name in (TTFT, TPOT)))
        ratio = pair.predicted[metric] / pair.measured[metric]
        errors.append(abs(ratio * factor - 1.0))
        raw.append(abs(ratio - 1.0))
    if not errors:
        return None
    return MetricError(
        statistics.fmean(errors), statistics.median(errors), statistics.fmean(raw), statistics.median(raw), len(errors)
    )


def _scaled(found: Measurement, ttft: float, tpot: float, rest: float) -> Measurement:
    def times(values: dict[str, float], factor: float) -> dict[str, float]:
        return {name: value * factor for name, value in values.items()}

    total, first = found.e2e_latency_ms.get("mean"), found.ttft_ms.get("mean")
    slowdown = 1.0
    if total and first is not None:
        slowdown = (first * ttft + (total - first) * tpot) / total
    rate = rest if found.load.request_rate is not None else rest / slowdown
    known = {name: value for name in RATES if not math.isnan(value := getattr(found, name))}
    own = {"output_tokens_per_s_per_user": 1.0 / tpot}
    rates = {name: value * own.get(name, rate) for name, value in known.items()}
    return replace(
        found,
        ttft_ms=times(found.ttft_ms, ttft),
        tpot_ms=times(found.tpot_ms, tpot),
        itl_ms=times(found.itl_ms, tpot),
        e2e_latency_ms=times(found.e2e_latency_ms, slowdown),
        **rates,
    )
