"""What the predictor says about a point before it is measured, to be kept beside what comes out."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from autotune.bench.loads import expand_loads
from autotune.diagnostics import Diagnostic, InputError, diagnostic
from autotune.predict import PREDICTORS, Calibrated
from autotune.store.result import Predicted
from autotune.workspace.calibrations import KeptCalibration, calibration_folder, find_calibration

if TYPE_CHECKING:
    from autotune.compiled import CompiledPoint
    from autotune.predict import Predictor

_PREDICTOR = "roofline"


def predict_loads(point: CompiledPoint) -> tuple[Predicted, ...]:
    """One prediction for each load of a point, by name and version of the predictor.

    Empty where it cannot say: a prediction is no reason to lose a measurement.
    """
    if point.config is None or point.facts is None or point.deployment is None:
        return ()
    try:
        predictor, version = _choose(point)
        loads = dict.fromkeys(expand_loads(point.config.benchmark, point.config.runtime))
        found = [predictor.predict(point.config, point.facts, load) for load in loads]
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the point is measured all the same
        return ()
    return tuple(Predicted(item.measurement, item.predictor, version) for item in found)


def calibration_problems(point: CompiledPoint) -> list[Diagnostic]:
    """AT062 for an `optimization.calibration` that cannot be used."""
    try:
        _choose(point)
    except InputError as error:
        return list(error.diagnostics)
    return []


def _choose(point: CompiledPoint) -> tuple[Predictor, str]:
    """The predictor, under the point's calibration where it names one, and its version. Raises InputError (AT062)."""
    predictor = PREDICTORS[_PREDICTOR]
    name = None if point.config is None else point.config.optimization.calibration
    if name is None:
        return predictor, predictor.version
    kept = _find(name, str(calibration_folder()))
    try:
        return Calibrated(predictor, kept.calibration), f"{predictor.version}, {kept.label}"
    except ValueError as error:
        raise InputError(
            diagnostic("AT062", f"{name} cannot be used here: {error}", path="optimization.calibration",
                       help="`autotune calibrations` lists those kept, with their predictors")
        ) from None  # fmt: skip


@functools.lru_cache(maxsize=8)
def _find(name: str, _: str) -> KeptCalibration:
    """Read once for all points of a run; the second argument is the folder that a name is looked for in."""
    return find_calibration(name)
