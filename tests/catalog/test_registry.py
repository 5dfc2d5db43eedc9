import dataclasses

import pytest

from autotune.catalog import builtin_catalog, find_gpu, find_model, get_model, list_models, make_catalog
from autotune.catalog.gpus import GPUS
from autotune.catalog.models import MODELS
from autotune.diagnostics import InputError


@pytest.mark.parametrize("name", ["h100_sxm", "H100_SXM", "h100-sxm", "h100"])
def test_a_gpu_answers_to_its_name_and_aliases_whatever_the_case(name):
    assert find_gpu(builtin_catalog(), name).name == "h100_sxm"


def test_a100_is_the_80_gb_one():
    assert find_gpu(builtin_catalog(), "a100_sxm_80").memory_gb > 80
    assert find_gpu(builtin_catalog(), "a100_sxm_40").memory_gb < 48


@pytest.mark.parametrize(
    "name",
    [
        "meta-llama/Llama-3.1-8B-Instruct",
        "meta-llama/Meta-Llama-3.1-8B-Instruct",
        "LLAMA-3.1-8b-instruct",
        "meta-llama/llama-3.1-8b-instruct",
    ],
)
def test_a_model_answers_to_id_alias_and_short_name(name):
    assert get_model(name).id == "meta-llama/Llama-3.1-8B-Instruct"


def test_an_unknown_gpu_is_an_error_that_names_the_nearest():
    with pytest.raises(InputError) as caught:
        find_gpu(builtin_catalog(), "h100_smx")
    (item,) = caught.value.diagnostics
    assert (item.code, item.path, item.message) == ("AT011", "system.gpu", "unknown GPU `h100_smx`")
    assert "h100_sxm" in item.help


def test_an_unknown_model_is_an_error_that_names_the_nearest():
    with pytest.raises(InputError) as caught:
        find_model(builtin_catalog(), "Qwen/Qwen3-31B")
    (item,) = caught.value.diagnostics
    assert (item.code, item.path) == ("AT010", "model.id")
    assert "Qwen/Qwen3-32B" in item.help


def test_models_are_listed_once_each():
    ids = [model.id for model in list_models()]
    assert ids == sorted(ids, key=str.casefold)
    assert len(ids) == len(set(ids)) == len(MODELS)


def test_a_users_entry_takes_the_place_of_the_built_in_one():
    mine = dataclasses.replace(find_gpu(builtin_catalog(), "l4"), gpus_per_node=2)
    assert find_gpu(make_catalog((*GPUS, mine), MODELS), "l4").gpus_per_node == 2
    assert find_gpu(builtin_catalog(), "l4").gpus_per_node == 8


def test_a_short_name_that_two_models_share_belongs_to_neither():
    one = get_model("Qwen/Qwen3-8B")
    catalog = make_catalog((), (one, dataclasses.replace(one, id="mine/Qwen3-8B")))
    assert find_model(catalog, "mine/Qwen3-8B").id == "mine/Qwen3-8B"
    with pytest.raises(InputError):
        find_model(catalog, "Qwen3-8B")
