"""How many parameters a model has, counted from its shape."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts


class Parameters(NamedTuple):
    """Parameters of the whole model by kind, because formats and parallel sizes treat the kinds differently.

    `embedding` is the input table and the output head (once when tied); `linear` the attention projections and the dense
    MLPs with shared experts; `experts` the routed experts; `small` norms and routers; `nextn` the multi-token-prediction
    layers, which are not part of `total`.
    """

    embedding: int
    attention: int
    dense: int
    experts: int
    small: int
    encoder: int
    nextn: int

    @property
    def linear(self) -> int:
        return self.attention + self.dense

    @property
    def total(self) -> int:
        return self.embedding + self.linear + self.experts + self.small + self.encoder


@functools.lru_cache(maxsize=1024)
def parameters(model: ModelFacts) -> Parameters:
    """Count by kind. Biases are left out (under 0.1 %); mixers with a state count as attention."""
    tables = 1 if model.tie_embeddings else 2
    attention = attention_params(model)
    attention_layers = model.num_layers
    if model.num_state_layers:
        attention_layers = (model.num_attention_layers or 0) + model.num_sliding_layers
    mixers = attention_layers * attention + model.num_state_layers * model.state_layer_params
    dense_layers = model.num_layers - model.num_moe_layers
    if model.num_dense_layers is not None:
        dense_layers = model.num_dense_layers
    matrices, latent = model.mlp_matrices, model.moe_latent_size
    shared = matrices * model.hidden_size * model.shared_intermediate_size
    shared += 2 * model.hidden_size * latent if latent is not None else 0
    experts = matrices * (latent or model.hidden_size) * model.moe_intermediate_size * model.num_experts
    router = model.hidden_size * model.num_experts
    # A prediction layer is one more decoder layer and a projection of two joined hidden states; tables are shared.
    nextn = attention + shared + experts + router + 2 * model.hidden_size**2
    if not model.is_moe:
        nextn += matrices * model.hidden_size * model.intermediate_size
    return Parameters(
        embedding=tables * model.vocab_size * model.hidden_size,
        attention=mixers,
        dense=dense_layers * matrices * model.hidden_size * model.intermediate_size + model.num_moe_layers * shared,
        experts=model.num_moe_layers * experts,
        small=model.num_moe_layers * router + (2 * model.num_layers + 1) * model.hidden_size,
        encoder=round(model.encoder_params_b * 1e9),
        nextn=model.num_nextn_layers * nextn,
    )


def count_params(model: ModelFacts) -> int:
    """All parameters, encoders included, multi-token-prediction layers not."""
    return parameters(model).total


def count_active_params(model: ModelFacts) -> int:
    """Parameters that one token passes through: all of a dense model; of a MoE model not the experts that are not chosen, nor
    the input table, of which a token takes one row (so do the publishers of gpt-oss and DeepSeek-V3 count).
    """
    counted = parameters(model)
    if not model.is_moe:
        return counted.total
    idle = counted.experts - counted.experts * model.experts_per_token // model.num_experts
    return counted.total - idle - (0 if model.tie_embeddings else model.vocab_size * model.hidden_size)


def attention_params(model: ModelFacts) -> int:
    """Attention projections of one layer: q, k, v and o, or their factored forms in MLA."""
    hidden, heads, head = model.hidden_size, model.num_heads, model.head_dim
    if model.kv_lora_rank is None:
        value = model.v_head_dim or head
        query = (2 if model.attention_gate else 1) * hidden * heads * head
        return query + hidden * heads * value + hidden * model.num_kv_heads * (head + value)
    rope = model.qk_rope_head_dim or 0
    value = model.v_head_dim or head - rope
    query = hidden * heads * head if model.q_lora_rank is None else model.q_lora_rank * (hidden + heads * head)
    latent = hidden * (model.kv_lora_rank + rope) + model.kv_lora_rank * heads * (head - rope + value)
    return query + latent + heads * value * hidden
