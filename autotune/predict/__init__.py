"""What a measurement would give, without one."""

from autotune.predict.aiconfigurator import Aiconfigurator
from autotune.predict.calibrated import Calibrated
from autotune.predict.calibration import Calibration
from autotune.predict.pair import Pair, Subject, subject_of
from autotune.predict.predictor import Prediction, Predictor, Timing, UnpredictableError
from autotune.predict.roofline import Roofline
from autotune.predict.timing import RooflineTiming

#: Predictors by name. To add one: a module with a class that has `name`, `version` and `predict`, and a line here.
PREDICTORS: dict[str, Predictor] = {
    "roofline": Roofline(),
    "aiconfigurator": Aiconfigurator(),
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
