"""A predictor corrected by a calibration: a predictor itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.predict.pair import subject_of
from autotune.predict.predictor import Prediction

if TYPE_CHECKING:
    from autotune.engines.engine import Facts
    from autotune.metrics import Load
    from autotune.predict.calibration import Calibration
    from autotune.predict.predictor import Predictor
    from autotune.schema import Config


class Calibrated:
    """`predictor` with its figures multiplied by `calibration`. Raises ValueError for a calibration of another predictor."""

    def __init__(self, predictor: Predictor, calibration: Calibration) -> None:
        if calibration.predictor != predictor.name:
            raise ValueError(f"the calibration is for {calibration.predictor}, not for {predictor.name}")
        self.predictor, self.calibration, self.version = predictor, calibration, predictor.version
        self.name = f"{predictor.name}+calibration"

    def predict(self, config: Config, facts: Facts, load: Load) -> Prediction:
        raw = self.predictor.predict(config, facts, load)
        subject = subject_of(config, facts, load)
        return Prediction(
            self.calibration.apply(raw.measurement, subject),
            self.name,
            raw.version,
            self.calibration.expected_error(subject),
            {metric: error.mean for metric, error in self.calibration.errors.items()},
            calibrated=True,
        )
