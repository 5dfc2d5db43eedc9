"""What the predictor says about a point before it is measured, to be kept beside what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import autotune
from autotune.bench.loads import expand_loads
from autotune.predict import PREDICTORS
from autotune.store.result import Predicted

if TYPE_CHECKING:
    from autotune.compiled import CompiledPoint

_PREDICTOR = "roofline"


def predict_loads(point: CompiledPoint) -> tuple[Predicted, ...]:
    """One prediction for each load of a point, by name and version of the predictor (it changes with autotune's own).

    Empty where it cannot say: a prediction is no reason to lose a measurement.
    """
    if point.config is None or point.facts is None or point.deployment is None:
        return ()
    predictor = PREDICTORS[_PREDICTOR]
    version = str(getattr(predictor, "version", autotune.__version__))
    try:
        loads = dict.fromkeys(expand_loads(point.config.benchmark, point.config.runtime))
        found = [predictor.predict(point.config, point.facts, load) for load in loads]
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the point is measured all the same
        return ()
    return tuple(Predicted(item.measurement, item.predictor, version) for item in found)
