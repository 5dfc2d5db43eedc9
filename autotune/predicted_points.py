"""What a predictor says of compiled points, load by load."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.bench.loads import expand_loads
from autotune.diagnostics import unique
from autotune.predict import UnpredictableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint
    from autotune.diagnostics import Diagnostic
    from autotune.predict import Prediction, Predictor


def predict_points(
    points: Sequence[CompiledPoint], predictor: Predictor
) -> tuple[list[tuple[CompiledPoint, Prediction]], list[Diagnostic]]:
    """What is predicted of every load of every point, and why of some nothing can be."""
    found: list[tuple[CompiledPoint, Prediction]] = []
    refused: list[Diagnostic] = []
    for point in points:
        assert point.config is not None
        assert point.facts is not None
        try:
            loads = expand_loads(point.config.benchmark, point.config.runtime)
            found += [(point, predictor.predict(point.config, point.facts, load)) for load in loads]
        except UnpredictableError as error:
            refused += [replace(item, point=point.id) for item in error.diagnostics]
    return found, unique(refused)


def prediction_data(point: CompiledPoint, prediction: Prediction, calibration: str | None) -> dict[str, object]:
    """One element of `predict --format json`; `calibration` is the label of what corrected it."""
    return {
        "point_id": point.id,
        "kind": "predicted",
        "predictor": prediction.predictor,
        "predictor_version": prediction.version,
        "calibration": calibration,
        "expected_error": prediction.expected_error,
        "relative_errors": dict(prediction.errors),
        "overrides": list(point.overrides),
        "metrics": prediction.measurement.as_dict(),
    }
