"""The models known. Each entry's `source` says what its numbers were compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.models_dense import DENSE
from autotune.catalog.models_moe import MOE

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts

MODELS: tuple[ModelFacts, ...] = (*DENSE, *MOE)
