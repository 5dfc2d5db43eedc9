import json

import pytest

from autotune.catalog.folder import model_from_folder
from autotune.catalog.memory import weight_bytes
from autotune.diagnostics import InputError
from tests.catalog.test_config_json import LLAMA


def write(folder, config=LLAMA, **files):
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(content) if isinstance(content, str) else path.write_bytes(b"\0" * content)
    return folder


def test_facts_and_size_come_from_the_folder(tmp_path):
    model = model_from_folder(write(tmp_path, model__safetensors=1000, consolidated__safetensors=1000))
    assert model.id == str(tmp_path)
    assert (model.num_layers, model.num_kv_heads, model.weights_bytes) == (32, 8, 1000)
    assert weight_bytes(model, None) == 1000


def test_the_index_tells_the_size_of_weights_that_are_elsewhere(tmp_path):
    index = json.dumps({"metadata": {"total_size": 16_060_522_496}, "weight_map": {}})
    (tmp_path / "model.safetensors.index.json").write_text(index)
    assert model_from_folder(write(tmp_path)).weights_bytes == 16_060_522_496


def test_without_weights_the_size_is_derived(tmp_path):
    model = model_from_folder(write(tmp_path))
    assert model.weights_bytes is None
    assert weight_bytes(model, None) == pytest.approx(16.06e9, rel=0.01)


def test_modelopts_own_file_tells_the_format(tmp_path):
    model = model_from_folder(
        write(tmp_path, hf_quant_config__json=json.dumps({"quantization": {"quant_algo": "FP8"}}))
    )
    assert model.quantization == "fp8_static"


@pytest.mark.parametrize("content", ["{", "[]", '"text"', "\u00e9{"])
def test_a_broken_config_is_an_error(tmp_path, content):
    with pytest.raises(InputError, match=r"AT010: config\.json"):
        model_from_folder(write(tmp_path, content))


def test_a_folder_without_config_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"AT010: no config\.json"):
        model_from_folder(tmp_path)
