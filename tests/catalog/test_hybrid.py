import pytest

from autotune.catalog import facts_from_config, get_model

NEMOTRON = {
    "architectures": ["NemotronHForCausalLM"], "model_type": "nemotron_h", "hidden_size": 2688, "num_attention_heads": 32,
    "num_key_value_heads": 2, "head_dim": 128, "intermediate_size": 1856, "moe_intermediate_size": 1856, "moe_shared_expert_intermediate_size": 3712,
    "n_routed_experts": 128, "num_experts_per_tok": 6, "n_shared_experts": 1, "mamba_num_heads": 64, "mamba_head_dim": 64, "n_groups": 8,
    "ssm_state_size": 128, "conv_kernel": 4, "mlp_hidden_act": "relu2", "vocab_size": 131072, "max_position_embeddings": 262144,
    "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME",
}  # fmt: skip

QWEN35 = {
    "architectures": ["Qwen3_5ForConditionalGeneration"], "vision_config": {"depth": 27},
    "text_config": {
        "model_type": "qwen3_5_text", "hidden_size": 5120, "intermediate_size": 17408, "num_hidden_layers": 64, "num_attention_heads": 24,
        "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 248320, "max_position_embeddings": 262144, "full_attention_interval": 4,
        "layer_types": ["linear_attention", "linear_attention", "linear_attention", "full_attention"] * 16, "linear_num_key_heads": 16,
        "linear_num_value_heads": 48, "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4,
    },
}  # fmt: skip

JAMBA = {
    "architectures": ["JambaForCausalLM"], "model_type": "jamba", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "num_experts": 16, "num_experts_per_tok": 2, "expert_layer_period": 2,
    "expert_layer_offset": 1, "attn_layer_period": 8, "attn_layer_offset": 4, "mamba_d_state": 16, "mamba_d_conv": 4, "mamba_expand": 2,
    "mamba_dt_rank": 256, "vocab_size": 65536, "max_position_embeddings": 262144,
}  # fmt: skip


def test_nemotron_has_layers_that_are_mixers_and_layers_that_are_experts():
    model = facts_from_config("n", NEMOTRON)
    assert (model.num_layers, model.num_attention_layers, model.num_state_layers, model.num_moe_layers) == (
        52,
        6,
        23,
        23,
    )
    assert model.num_dense_layers == 0
    assert model.params_b == pytest.approx(31.58, rel=0.001)
    assert model.active_params_b == pytest.approx(3.2, rel=0.02)


def test_a_list_of_layers_means_the_same_as_the_pattern():
    names = {"M": "mamba", "*": "attention", "E": "moe"}
    listed = {key: value for key, value in NEMOTRON.items() if key != "hybrid_override_pattern"}
    listed["layers_block_type"] = [names[letter] for letter in NEMOTRON["hybrid_override_pattern"]]
    assert facts_from_config("n", listed) == facts_from_config("n", NEMOTRON)


def test_linear_attention_is_counted_and_only_every_fourth_layer_keeps_a_kv_cache():
    model = facts_from_config("q", QWEN35)
    assert (model.num_attention_layers, model.num_state_layers, model.attention_gate) == (16, 48, True)
    assert model.params_b == pytest.approx(26.9, rel=0.002)


def test_jamba_writes_its_layers_as_periods():
    model = facts_from_config("j", JAMBA)
    assert (model.num_attention_layers, model.num_state_layers, model.num_moe_layers) == (4, 28, 16)
    assert model.params_b == pytest.approx(51.6, rel=0.01)


def test_mimo_writes_its_windows_as_ones():
    config = {
        "model_type": "mimo_v2_flash", "num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 16, "intermediate_size": 128, "vocab_size": 1000, "max_position_embeddings": 4096, "sliding_window": 128,
        "hybrid_layer_pattern": [0, 1, 1, 1],
    }  # fmt: skip
    model = facts_from_config("m", config)
    assert (model.num_sliding_layers, model.sliding_window, model.num_attention_layers) == (3, 128, 1)


def test_a_hybrid_of_unknown_shape_is_still_read():
    text = {key: value for key, value in QWEN35["text_config"].items() if not key.startswith("linear_")}
    model = facts_from_config("q", QWEN35 | {"text_config": text})
    assert (model.num_attention_layers, model.num_state_layers) == (16, 0)


@pytest.mark.parametrize("name", ["Qwen3.5-27B", "nemotron-3-nano", "jamba-1.5-mini"])
def test_the_table_agrees_with_the_config(name):
    known = get_model(name)
    read = facts_from_config("x", {"Qwen3.5-27B": QWEN35, "nemotron-3-nano": NEMOTRON, "jamba-1.5-mini": JAMBA}[name])
    for key in (
        "num_layers",
        "num_attention_layers",
        "num_state_layers",
        "state_layer_params",
        "num_moe_layers",
        "mlp_matrices",
        "attention_gate",
    ):
        assert getattr(known, key) == getattr(read, key), key
