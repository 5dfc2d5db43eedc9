"""Bytes of a model's KV cache, over the whole model. Nothing here knows of GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.formats import kv_value_bytes

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts


def kv_bytes_per_token(model: ModelFacts, kvcache_mode: str | None, *, dtype: str | None = None) -> float:
    """KV cache of one token in the layers that keep the whole context, over the whole model.

    2 x KV heads x head width a layer, or the latent and the rotary part in MLA. Sliding layers: `sliding_bytes`.
    """
    return full_layers(model) * kv_values_per_layer(model) * kv_value_bytes(kvcache_mode, dtype)


def sliding_bytes(model: ModelFacts, kvcache_mode: str | None, tokens: int, *, dtype: str | None = None) -> float:
    """KV cache that the sliding layers hold for one request of `tokens`, over the whole model."""
    held = min(tokens, model.sliding_window or 0)
    return model.num_sliding_layers * held * kv_values_per_layer(model) * kv_value_bytes(kvcache_mode, dtype)


def kv_values_per_layer(model: ModelFacts, heads: int | None = None) -> int:
    """Cached values of one token in one layer, for `heads` KV heads (default: all)."""
    if model.kv_lora_rank is not None:
        return model.kv_lora_rank + (model.qk_rope_head_dim or 0)
    return (model.num_kv_heads if heads is None else heads) * (model.head_dim + (model.v_head_dim or model.head_dim))


def full_layers(model: ModelFacts) -> int:
    """Layers whose KV cache grows with the whole context."""
    return (
        model.num_layers - model.num_sliding_layers
        if model.num_attention_layers is None
        else model.num_attention_layers
    )
