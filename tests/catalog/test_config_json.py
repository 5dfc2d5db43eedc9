import dataclasses

import pytest

from autotune.catalog import facts_from_config, get_model
from autotune.diagnostics import InputError

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16", "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192},
}  # fmt: skip
QWEN3_MOE = {
    "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 48,
    "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936, "max_position_embeddings": 40960,
    "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768, "decoder_sparse_step": 1, "mlp_only_layers": [],
    "sliding_window": None, "use_sliding_window": False, "tie_word_embeddings": False,
}  # fmt: skip
MIXTRAL = {
    "architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000, "max_position_embeddings": 32768, "num_local_experts": 8,
    "num_experts_per_tok": 2, "sliding_window": None, "tie_word_embeddings": False,
}  # fmt: skip
DEEPSEEK_V3 = {
    "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432,
    "moe_intermediate_size": 2048, "num_hidden_layers": 61, "num_attention_heads": 128, "num_key_value_heads": 128, "vocab_size": 129280,
    "max_position_embeddings": 163840, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 3,
    "moe_layer_freq": 1, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
    "num_nextn_predict_layers": 1, "tie_word_embeddings": False,
    "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096},
    "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128]},
}  # fmt: skip
GEMMA3_4B = {
    "architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "torch_dtype": "bfloat16", "vision_config": {"hidden_size": 1152},
    "text_config": {"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024,
                    "rope_scaling": {"factor": 8.0, "rope_type": "linear"}},
}  # fmt: skip
GPT_OSS = {
    "architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24,
    "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 201088, "max_position_embeddings": 131072,
    "num_local_experts": 32, "num_experts_per_tok": 4, "sliding_window": 128, "tie_word_embeddings": False,
    "layer_types": ["sliding_attention", "full_attention"] * 12,
    "rope_scaling": {"rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 4096},
    "quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "lm_head"]},
}  # fmt: skip
LLAMA4 = {
    "architectures": ["Llama4ForConditionalGeneration"], "model_type": "llama4", "vision_config": {"hidden_size": 1408},
    "text_config": {"model_type": "llama4_text", "hidden_size": 5120, "intermediate_size": 8192, "intermediate_size_mlp": 16384,
                    "num_hidden_layers": 48, "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 202048,
                    "max_position_embeddings": 1048576, "num_local_experts": 128, "num_experts_per_tok": 1, "interleave_moe_layer_step": 2,
                    "attention_chunk_size": 8192},
}  # fmt: skip
PHI4 = {
    "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_size": 5120, "intermediate_size": 17920, "num_hidden_layers": 40,
    "num_attention_heads": 40, "num_key_value_heads": 10, "vocab_size": 100352, "max_position_embeddings": 16384, "sliding_window": None,
    "tie_word_embeddings": False,
}  # fmt: skip
MISTRAL = {
    "architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32768, "max_position_embeddings": 32768, "sliding_window": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", LLAMA),
        ("Qwen/Qwen3-30B-A3B", QWEN3_MOE),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", MIXTRAL),
        ("deepseek-ai/DeepSeek-V3", DEEPSEEK_V3),
        ("google/gemma-3-4b-it", GEMMA3_4B),
        ("openai/gpt-oss-20b", GPT_OSS),
        ("meta-llama/Llama-4-Maverick-17B-128E-Instruct", LLAMA4),
        ("microsoft/phi-4", PHI4),
        ("mistralai/Mistral-7B-Instruct-v0.3", MISTRAL),
    ],
)
def test_the_catalogs_entry_is_what_the_config_says(name, config):
    expected = dataclasses.asdict(get_model(name))
    found = dataclasses.asdict(facts_from_config(name, config))
    counted = {"params_b", "active_params_b"}
    not_in_a_config = {"gated", "aliases", "source", "encoder_params_b"}
    for model in (expected, found):
        if model["num_attention_layers"] is None:
            model["num_attention_layers"] = model["num_layers"] - model["num_sliding_layers"]
    assert {key: found[key] for key in found.keys() - counted - not_in_a_config} == {
        key: expected[key] for key in expected.keys() - counted - not_in_a_config
    }
    language = expected["params_b"] - expected["encoder_params_b"]
    assert found["params_b"] == pytest.approx(language, rel=0.03)


@pytest.mark.parametrize(
    ("quantization", "expected"),
    [
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8_block"),
        ({"quant_method": "fp8", "activation_scheme": "static"}, "fp8_static"),
        ({"quant_method": "fbgemm_fp8"}, "fp8_static"),
        ({"quant_method": "awq", "bits": 4}, "w4a16"),
        ({"quant_method": "gptq", "bits": 4}, "w4a16"),
        ({"quant_method": "gptq", "bits": 8}, "int8_wo"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "fp8_static"),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"type": "int", "num_bits": 4}, "input_activations": None}},
            },
            "w4a16",
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {
                    "group_0": {"weights": {"type": "int", "num_bits": 8}, "input_activations": {"num_bits": 8}}
                },
            },
            "w8a8",
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"type": "float", "num_bits": 8, "strategy": "block"}}},
            },
            "fp8_block",
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"type": "float", "num_bits": 8}}},
            },
            "fp8_static",
        ),
        ({"quant_method": "some-new-method"}, "some-new-method"),
        (None, None),
    ],
)
def test_the_checkpoints_format_is_read(quantization, expected):
    assert facts_from_config("x", {**LLAMA, "quantization_config": quantization}).quantization == expected


def test_a_nested_quantization_of_the_experts_alone_is_seen():
    config = {"num_local_experts": 8, "num_experts_per_tok": 2, "quantization_config": {
        "quant_method": "compressed-tensors", "ignore": ["lm_head", "re:.*self_attn.*"],
        "config_groups": {"group_0": {"weights": {"type": "int", "num_bits": 4}}}}}  # fmt: skip
    found = facts_from_config("x", {"vision_config": {"a": 1}, "text_config": {**LLAMA, **config}})
    assert (found.quantization, found.quantized_experts_only, found.multimodal) == ("w4a16", True, True)


def test_yarn_stretches_the_original_context():
    found = facts_from_config(
        "x",
        {
            **LLAMA,
            "max_position_embeddings": 40960,
            "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768},
        },
    )
    assert found.max_context == 131_072


def test_linear_attention_layers_keep_no_kv_cache():
    kinds = (["linear_attention"] * 3 + ["full_attention"]) * 8
    found = facts_from_config("x", {**LLAMA, "layer_types": kinds})
    assert found.num_attention_layers == 8


def test_a_window_whose_layers_are_unknown_counts_as_a_full_cache():
    found = facts_from_config("x", {**LLAMA, "model_type": "something_new", "sliding_window": 128})
    assert found.num_sliding_layers == 0


@pytest.mark.parametrize(
    "key",
    [
        "num_hidden_layers",
        "hidden_size",
        "num_attention_heads",
        "vocab_size",
        "max_position_embeddings",
        "intermediate_size",
    ],
)
def test_a_missing_key_is_named(key):
    with pytest.raises(InputError) as caught:
        facts_from_config("org/broken", {name: value for name, value in LLAMA.items() if name != key})
    (item,) = caught.value.diagnostics
    assert item.code == "AT010"
    assert item.message == f"config.json of `org/broken`: `{key}` is missing"


@pytest.mark.parametrize("value", ["32", 32.5, True, 0, -1, [32]])
def test_an_ill_typed_key_is_named_with_its_value(value):
    with pytest.raises(InputError, match="`num_hidden_layers` is"):
        facts_from_config("x", {**LLAMA, "num_hidden_layers": value})


@pytest.mark.parametrize("config", [[], "text", {"text_config": [1]}, {}])
def test_what_is_no_config_is_an_error_not_a_crash(config):
    with pytest.raises(InputError, match="AT010"):
        facts_from_config("x", config)


def test_layers_of_several_kinds_are_refused_rather_than_guessed():
    with pytest.raises(InputError, match="hybrid_override_pattern"):
        facts_from_config("x", {**LLAMA, "hybrid_override_pattern": "M-M*"})
