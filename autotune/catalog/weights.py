"""Bytes of a model's weights as served. Nothing here knows of GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.catalog.formats import dtype_bytes, expert_format, linear_format, weight_size
from autotune.catalog.parameters import parameters

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts


@dataclass(frozen=True, slots=True)
class WeightParts:
    """Bytes of weights by the way they are spread over GPUs."""

    embedding: float
    attention: float
    dense: float
    experts: float
    whole: float
    """Norms, routers and encoders, which every rank of a pipeline stage keeps whole."""
    nextn: float

    @property
    def total(self) -> float:
        """Without the multi-token-prediction layers, which are loaded only when they are used."""
        return self.embedding + self.attention + self.dense + self.experts + self.whole


def weight_parts(
    model: ModelFacts, gemm_mode: str | None, moe_mode: str | None = None, *, dtype: str | None = None
) -> WeightParts:
    """Bytes of each kind of weight as served.

    A quantized checkpoint stays in its format. Quantizing at load turns the linear layers and the experts only: embeddings,
    output head, norms, routers and encoders stay in 16 bit (vLLM `fp8` online and SGLang do so). Where the size of the
    checkpoint is known, everything is scaled to it.
    """
    counted, wide = parameters(model), dtype_bytes(dtype)
    linear = weight_size(linear_format(model, gemm_mode), wide)
    expert = weight_size(expert_format(model, gemm_mode, moe_mode), wide)
    nextn_size = expert if model.is_moe else linear
    scale = 1.0
    if model.weights_bytes is not None:
        stored = dtype_bytes(model.dtype)
        linear_stored = weight_size(linear_format(model, None), stored)
        expert_stored = weight_size(expert_format(model, None, None), stored)
        derived = (
            (counted.embedding + counted.small + counted.encoder) * stored
            + counted.linear * linear_stored
            + counted.experts * expert_stored
            + counted.nextn * (expert_stored if model.is_moe else linear_stored)
        )
        scale = model.weights_bytes / derived
    return WeightParts(
        embedding=scale * counted.embedding * wide,
        attention=scale * counted.attention * linear,
        dense=scale * counted.dense * linear,
        experts=scale * counted.experts * expert,
        whole=scale * (counted.small + counted.encoder) * wide,
        nextn=scale * counted.nextn * nextn_size,
    )


def weight_bytes(
    model: ModelFacts, gemm_mode: str | None, moe_mode: str | None = None, *, dtype: str | None = None
) -> int:
    """Bytes of all weights as served, multi-token-prediction layers not counted."""
    return round(weight_parts(model, gemm_mode, moe_mode, dtype=dtype).total)
