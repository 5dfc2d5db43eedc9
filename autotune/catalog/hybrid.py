"""Hybrid models: layers that keep a state of fixed size (Mamba, linear attention) between layers of attention.

`spell_out` turns the shorthands in which some families write down their layers into plain lists, before a config.json is
read; `with_state_layers` adds what those layers weigh, after it. Shapes of the projections are those of transformers' own
modelling files (nemotron_h, granitemoehybrid, bamba, jamba, qwen3_next, qwen3_5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.catalog.facts import ModelFacts

#: Letters of Nemotron-H's `hybrid_override_pattern`.
_PATTERN = {"M": "mamba", "*": "full_attention", "-": "mlp", "E": "moe"}
_NAMES = {"attention": "full_attention"}
_STATEFUL = ("linear_attention", "mamba", "mamba2")

#: Keys that say how the layers with a state are shaped; without them they cannot be counted.
_DELTA_NET = (
    "linear_num_key_heads", "linear_num_value_heads", "linear_key_head_dim", "linear_value_head_dim", "linear_conv_kernel_dim",
)  # fmt: skip


def spell_out(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same config.json with `layer_types` and `mlp_layer_types` instead of a pattern or periods; others as they are."""
    if config.get("model_type") == "nemotron_h":
        return _nemotron_h(config)
    if config.get("model_type") == "jamba":
        return _jamba(config)
    if isinstance(pattern := config.get("hybrid_layer_pattern"), list) and "layer_types" not in config:
        # MiMo-V2: 1 is a sliding layer.
        return {**config, "layer_types": ["sliding_attention" if kind == 1 else "full_attention" for kind in pattern]}
    return config


def with_state_layers(model: ModelFacts, config: Mapping[str, Any]) -> ModelFacts:
    """The facts with what `config` (as `spell_out` gives it, the text part) says of layers with a state.

    Unchanged where the model has none, or where nothing is known of their shape.
    """
    kinds = config.get("layer_types")
    if not isinstance(kinds, list):
        return model
    states = sum(kind in _STATEFUL for kind in kinds)
    size = _state_layer_params(config, model.hidden_size)
    if not states or size is None:
        return model
    changes: dict[str, Any] = {"num_state_layers": states, "state_layer_params": size}
    if config.get("model_type") == "nemotron_h":
        changes |= {
            "num_attention_layers": kinds.count("full_attention"),
            "num_dense_layers": kinds.count("mlp"),
            "mlp_matrices": 2 if config.get("mlp_hidden_act") == "relu2" else 3,
            "moe_latent_size": config.get("moe_latent_size") if model.is_moe else None,
        }
    elif all(config.get(key) is not None for key in _DELTA_NET):
        changes["attention_gate"] = True
    return replace(model, **changes)


def delta_net_params(hidden: int, key_heads: int, value_heads: int, key_dim: int, value_dim: int, kernel: int) -> int:  # noqa: PLR0917 - the sizes of one layer
    """Gated delta net (Qwen3-Next, Qwen3.5): q, k, v and gate, decay and strength of each value head, convolution, output."""
    keys, values = key_heads * key_dim, value_heads * value_dim
    inputs = hidden * (2 * keys + 2 * values + 2 * value_heads)
    return inputs + kernel * (2 * keys + values) + values * hidden


def mamba2_params(hidden: int, inner: int, heads: int, groups: int, state: int, kernel: int) -> int:  # noqa: PLR0917 - the sizes of one layer
    """Mamba-2 (Nemotron-H, Granite 4): one input projection for gate, x, B, C and step, convolution, output."""
    convolved = inner + 2 * groups * state
    return hidden * (inner + convolved + heads) + kernel * convolved + inner * hidden


def mamba1_params(hidden: int, inner: int, state: int, step_rank: int, kernel: int) -> int:
    """Mamba (Jamba): gate and x, convolution, step with B and C, the step's own projection, A, output."""
    return (
        hidden * 2 * inner
        + kernel * inner
        + inner * (step_rank + 2 * state)
        + step_rank * inner
        + inner * state
        + inner * hidden
    )


def _state_layer_params(config: Mapping[str, Any], hidden: int) -> int | None:
    if (sizes := _sizes(config, *_DELTA_NET)) is not None:
        key_heads, value_heads, key_dim, value_dim, kernel = sizes
        return delta_net_params(hidden, key_heads, value_heads, key_dim, value_dim, kernel)
    if (sizes := _sizes(config, "mamba_num_heads", "mamba_head_dim", "n_groups", "ssm_state_size", "conv_kernel")) or (
        sizes := _sizes(config, "mamba_n_heads", "mamba_d_head", "mamba_n_groups", "mamba_d_state", "mamba_d_conv")
    ):
        heads, width, groups, state, kernel = sizes
        return mamba2_params(hidden, heads * width, heads, groups, state, kernel)
    if sizes := _sizes(config, "mamba_expand", "mamba_d_state", "mamba_dt_rank", "mamba_d_conv"):
        expand, state, rank, kernel = sizes
        return mamba1_params(hidden, expand * hidden, state, rank, kernel)
    return None


def _sizes(config: Mapping[str, Any], *keys: str) -> tuple[int, ...] | None:
    values = [config.get(key) for key in keys]
    if all(isinstance(value, int) and not isinstance(value, bool) and value > 0 for value in values):
        return tuple(values)  # type: ignore[arg-type]
    return None


def _nemotron_h(config: Mapping[str, Any]) -> Mapping[str, Any]:
    pattern, listed = config.get("hybrid_override_pattern"), config.get("layers_block_type")
    if isinstance(pattern, str) and all(letter in _PATTERN for letter in pattern):
        kinds = [_PATTERN[letter] for letter in pattern]
    elif isinstance(listed, list):
        kinds = [_NAMES.get(str(kind), str(kind)) for kind in listed]
    else:
        return config
    rest = {key: value for key, value in config.items() if key not in ("hybrid_override_pattern", "layers_block_type")}
    return rest | {
        "num_hidden_layers": len(kinds),
        "layer_types": kinds,
        "mlp_layer_types": ["sparse" if kind == "moe" else "none" for kind in kinds],
        "head_dim": config.get("head_dim") or config.get("attention_head_dim"),
    }


def _jamba(config: Mapping[str, Any]) -> Mapping[str, Any]:
    sizes = _sizes(config, "num_hidden_layers", "attn_layer_period", "expert_layer_period")
    if sizes is None or "layer_types" in config:
        return config
    layers, attention, experts = sizes
    first_attention, first_experts = config.get("attn_layer_offset", 4), config.get("expert_layer_offset", 1)

    def each(period: int, first: Any, there: str, elsewhere: str) -> list[str]:
        return [there if index % period == first else elsewhere for index in range(layers)]

    rest = {key: value for key, value in config.items() if key != "layers_block_type"}
    return rest | {
        "layer_types": each(attention, first_attention, "full_attention", "mamba"),
        "mlp_layer_types": each(experts, first_experts, "sparse", "dense"),
    }
