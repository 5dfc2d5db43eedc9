"""The models known. Each entry's `source` says what its numbers were compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.catalog.aliases import ALIASES
from autotune.catalog.models_checkpoints import CHECKPOINTS
from autotune.catalog.models_dense import DENSE
from autotune.catalog.models_hybrid import HYBRID
from autotune.catalog.models_mla import MLA
from autotune.catalog.models_moe import MOE
from autotune.catalog.models_vision import VISION

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts


def _named(model: ModelFacts) -> ModelFacts:
    """With the short names that people use for it."""
    short = tuple(alias for alias, meant in ALIASES.items() if meant == model.id)
    return replace(model, aliases=(*model.aliases, *short)) if short else model


MODELS: tuple[ModelFacts, ...] = tuple(_named(model) for model in (*DENSE, *MOE, *MLA, *HYBRID, *VISION, *CHECKPOINTS))
