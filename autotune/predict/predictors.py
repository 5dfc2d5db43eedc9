"""The predictors by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.predict.aiconfigurator import Aiconfigurator
from autotune.predict.roofline import Roofline

if TYPE_CHECKING:
    from autotune.predict.predictor import Predictor

#: To add one: a module with a class that has `name`, `version` and `predict`, and a line here.
PREDICTORS: dict[str, Predictor] = {
    "roofline": Roofline(),
    "aiconfigurator": Aiconfigurator(),
}
