import pytest

from autotune.catalog.aliases import ALIASES
from autotune.catalog.entry_faults import model_faults
from autotune.catalog.formats import WEIGHT_BYTES
from autotune.catalog.models import MODELS
from autotune.catalog.parameters import count_active_params, count_params
from autotune.catalog.registry import get_model


def test_there_are_dense_moe_and_mla_models_quantized_and_not():
    assert len(MODELS) >= 60
    assert len({model.id for model in MODELS}) == len(MODELS)
    assert any(model.is_moe and not model.is_mla for model in MODELS)
    assert any(model.is_mla for model in MODELS)
    assert any(model.num_state_layers for model in MODELS)
    assert any(model.num_sliding_layers for model in MODELS)
    assert any(model.multimodal for model in MODELS)
    assert {None, "fp8_block", "fp8_static", "w4a16", "nvfp4", "mxfp4"} <= {model.quantization for model in MODELS}


def test_the_shape_counts_up_to_the_published_parameters(subtests):
    for model in MODELS:
        with subtests.test(model=model.id):
            assert count_params(model) / 1e9 == pytest.approx(model.params_b, rel=0.03)


def test_active_parameters_are_near_the_published_ones(subtests):
    for model in MODELS:
        with subtests.test(model=model.id):
            # Publishers count shared experts and tables differently and round to whole 1e9, so this is wider.
            assert count_active_params(model) / 1e9 == pytest.approx(model.active_params_b, rel=0.1, abs=0.6)


def test_the_shape_is_consistent(subtests):
    for model in MODELS:
        with subtests.test(model=model.id):
            assert model.source
            assert model.num_heads % model.num_kv_heads == 0
            assert model.num_moe_layers <= model.num_layers
            assert (model.num_experts > 0) == (model.num_moe_layers > 0) == (model.experts_per_token > 0)
            assert model.num_sliding_layers <= model.num_layers
            assert (model.num_sliding_layers > 0) == (model.sliding_window is not None)
            assert (model.kv_lora_rank is None) == (model.qk_rope_head_dim is None)


def test_layers_are_of_one_kind_each(subtests):
    for model in MODELS:
        with subtests.test(model=model.id):
            full = (
                model.num_layers - model.num_sliding_layers
                if model.num_attention_layers is None
                else model.num_attention_layers
            )
            mlps = 0 if model.num_dense_layers is None else model.num_dense_layers + model.num_moe_layers
            assert 0 < full + model.num_sliding_layers + model.num_state_layers + mlps <= model.num_layers
            assert (model.num_state_layers > 0) == (model.state_layer_params > 0)
            if not model.num_state_layers:
                assert full + model.num_sliding_layers == model.num_layers


def test_the_format_has_a_known_size_and_the_gpus_named_are_known(subtests):
    for model in MODELS:
        with subtests.test(model=model.id):
            assert model.quantization is None or model.quantization in WEIGHT_BYTES
            assert not model.quantized_experts_only or (model.quantization and model.is_moe)
            assert model.max_context >= 4096
            assert list(model_faults(model, {"params_b": model.params_b, "quantization": model.quantization})) == []


def test_aliases_mean_known_models_and_are_no_models_names():
    ids = {model.id for model in MODELS}
    last = {name.rpartition("/")[2].casefold() for name in ids}
    for alias, meant in ALIASES.items():
        assert meant in ids, alias
        assert alias.casefold() not in last, alias
        assert get_model(alias).id == meant


def test_a_dense_model_uses_all_its_parameters_and_a_moe_model_few():
    assert count_active_params(get_model("Qwen3-32B")) == count_params(get_model("Qwen3-32B"))
    assert count_active_params(get_model("gpt-oss-120b")) / 1e9 == pytest.approx(5.13, rel=0.01)
