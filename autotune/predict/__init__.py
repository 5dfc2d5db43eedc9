"""What a measurement would give, without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.lazy import lazy_names

if TYPE_CHECKING:
    from autotune.predict.aiconfigurator import Aiconfigurator
    from autotune.predict.calibrated import Calibrated
    from autotune.predict.calibration import Calibration
    from autotune.predict.pair import Pair, Subject, subject_of
    from autotune.predict.predictor import Prediction, Predictor, Timing, UnpredictableError
    from autotune.predict.predictors import PREDICTORS
    from autotune.predict.roofline import Roofline
    from autotune.predict.timing import RooflineTiming

_HOMES = {
    "Aiconfigurator": "autotune.predict.aiconfigurator",
    "Calibrated": "autotune.predict.calibrated",
    "Calibration": "autotune.predict.calibration",
    "PREDICTORS": "autotune.predict.predictors",
    "Pair": "autotune.predict.pair",
    "Prediction": "autotune.predict.predictor",
    "Predictor": "autotune.predict.predictor",
    "Roofline": "autotune.predict.roofline",
    "RooflineTiming": "autotune.predict.timing",
    "Subject": "autotune.predict.pair",
    "Timing": "autotune.predict.predictor",
    "UnpredictableError": "autotune.predict.predictor",
    "subject_of": "autotune.predict.pair",
}

__all__ = [
    "PREDICTORS",
    "Aiconfigurator",
    "Calibrated",
    "Calibration",
    "Pair",
    "Prediction",
    "Predictor",
    "Roofline",
    "RooflineTiming",
    "Subject",
    "Timing",
    "UnpredictableError",
    "subject_of",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
