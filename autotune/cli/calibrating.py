"""A calibration from what was compared: fitted, kept, and its doubts told."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import autotune
from autotune.cli.output import print_diagnostics, say
from autotune.cli.verbs.calibrations import FACTORS, place_factors, show_calibration
from autotune.diagnostics import diagnostic
from autotune.predict.calibration import Pair, fit
from autotune.predict.correction import LIMIT
from autotune.workspace.calibrations import KeptCalibration, keep_calibration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autotune.comparing import Source
    from autotune.verify.compared import Compared

#: Points below which leaving one out says little.
_FEW_POINTS = 5


def fit_pairs(pairs: Sequence[Compared], source: Source, name: str | None) -> KeptCalibration:
    """Factors fitted to the pairs; the loads of one server are left out together when the error is found."""
    fitted = fit(
        [
            Pair(
                pair.subject,
                {_full(metric): values.predicted for metric, values in pair.values.items()},
                {_full(metric): values.measured for metric, values in pair.values.items()},
                group=pair.point_id,
            )
            for pair in pairs
        ],
        predictor=source.label,
        version=source.version,
    )
    return KeptCalibration(
        name or source.label,
        fitted,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        runs=tuple(dict.fromkeys(pair.run_id for pair in pairs)),
        points=len({pair.point_id for pair in pairs}),
        autotune=autotune.__version__,
    )


def _full(metric: str) -> str:
    """A metric by its name in `Measurement.metrics()`."""
    return f"{metric}.mean" if metric.endswith("_ms") else metric


def keep(fitted: KeptCalibration, *, quiet: bool) -> None:
    """Write it, show it unless the answer on stdout is another, and tell what speaks against it (AT161)."""
    path = keep_calibration(fitted)
    if not quiet:
        sys.stdout.write("\n")
        show_calibration(fitted)
    print_diagnostics(
        diagnostic("AT161", f"{fitted.name}: {text}", help="measure more settings of the server, then fit again")
        for text in _doubts(fitted)
    )
    say(
        f"kept as {fitted.name} in {path}; `autotune predict --calibration {fitted.name}` uses it, nothing does by itself"
    )


def _doubts(fitted: KeptCalibration) -> Iterator[str]:
    if fitted.points < _FEW_POINTS:
        servers = f"{fitted.points} server{'' if fitted.points == 1 else 's'}"
        yield f"it rests on {servers}, so its error on others is hardly known"
    for metric, error in fitted.calibration.errors.items():
        if error.mean >= error.raw_mean:
            after, before = f"{error.mean:.0%} off with the server left out", f"{error.raw_mean:.0%} without it"
            yield f"{FACTORS[metric]} is no nearer with it: {after}, {before}"
    for place, factors in place_factors(fitted.calibration).items():
        for metric, factor in factors.items():
            if not 1 / LIMIT < factor < LIMIT:
                yield f"the factor of {FACTORS[metric]} on {place} is at its limit of {LIMIT:g}: what is that far off is mistaken, not inexact"
