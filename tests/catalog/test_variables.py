import pytest

from autotune.catalog import condition_variables, describe_variables
from tests.catalog.facts_for import facts_for


def test_every_variable_is_described_and_nothing_else():
    values = condition_variables(facts_for())
    assert {space: set(lines) for space, lines in describe_variables().items()} == {
        space: set(names) for space, names in values.items()
    }
    assert all(line for lines in describe_variables().values() for line in lines.values())


@pytest.mark.parametrize("model", ["Qwen3-32B", "DeepSeek-V3", "gpt-oss-20b"])
def test_values_are_plain_and_fractions_are_floats_even_when_whole(model):
    values = condition_variables(facts_for(model))
    for name in ("params_b", "active_params_b", "weights_gb"):
        assert type(values["model"][name]) is float
    for name in ("memory_gb", "bandwidth_gb_s", "bandwidth", "tflops_bf16", "flops"):
        assert type(values["gpu"][name]) is float
    assert all(type(value) in (str, int, float, bool) for space in values.values() for value in space.values())


def test_values_are_those_of_the_catalog():
    values = condition_variables(facts_for("DeepSeek-V3", "h200_sxm", "sglang"), gpu_count=16)
    assert values["model"]["is_moe"]
    assert values["model"]["is_mla"]
    assert values["model"]["quantization"] == "fp8_block"
    assert values["gpu"]["count"] == 16
    assert values["gpu"]["flops"] == pytest.approx(989e12)
    assert values["engine"] == {"name": "sglang", "version": "1.0"}


def test_an_unquantized_model_has_an_empty_quantization():
    values = condition_variables(facts_for("Llama-3.1-70B-Instruct"))
    assert values["model"]["quantization"] == ""
    assert values["model"]["weights_gb"] == pytest.approx(141.1, abs=0.1)
