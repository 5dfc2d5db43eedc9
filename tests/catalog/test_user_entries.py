import pytest

from autotune.catalog import builtin_catalog, find_gpu, get_model, list_models
from autotune.catalog.user_entries import entry_from_model, gpu_from_entry, model_from_entry
from autotune.diagnostics import InputError, Source, Writer

PLAIN = {
    "architecture": "LlamaForCausalLM", "num_layers": 32, "hidden_size": 4096, "intermediate_size": 14336, "num_heads": 32, "num_kv_heads": 8,
    "vocab_size": 128256, "max_context": 131072,
}  # fmt: skip
GPU = {"vendor": "nvidia", "architecture": "hopper", "memory_gb": 94, "bandwidth_gb_s": 3900, "tflops": {"bf16": 835}}


def at(key):
    return Writer(Source.USER, "mine.yaml", 1 + len(key))


def model(**entry):
    return model_from_entry("mine/model", entry, builtin_catalog(), at)


def gpu(**entry):
    return gpu_from_entry("mine", entry, builtin_catalog(), at)


def faults(make, **entry):
    with pytest.raises(InputError) as caught:
        make(**entry)
    assert all(item.writer.file == "mine.yaml" for item in caught.value.diagnostics)
    assert all(item.help for item in caught.value.diagnostics)
    return [(item.code, item.message) for item in caught.value.diagnostics]


def test_a_plain_model_is_counted():
    made = model(**PLAIN)
    assert made.params_b == made.active_params_b == pytest.approx(8.03, rel=0.001)
    assert made.head_dim == 128
    assert made.id == "mine/model"


def test_like_takes_what_is_not_said():
    made = model(like="qwen3-32b", max_context=131072)
    base = get_model("Qwen/Qwen3-32B")
    assert (made.num_layers, made.params_b, made.max_context) == (base.num_layers, base.params_b, 131072)
    assert "Qwen/Qwen3-32B" in made.source


def test_another_shape_is_counted_anew():
    assert model(like="Qwen/Qwen3-32B", num_layers=32).params_b < 20


def test_a_mixture_of_experts_has_experts_in_every_layer_unless_it_says_otherwise():
    made = model(**PLAIN, num_experts=8, experts_per_token=2, moe_intermediate_size=14336)
    assert made.num_moe_layers == 32
    assert made.active_params_b < made.params_b


def test_every_built_in_model_survives_the_way_through_an_entry(subtests):
    for known in list_models():
        with subtests.test(model=known.id):
            made = model_from_entry(known.id, entry_from_model(known), builtin_catalog(), at)
            assert made.params_b == pytest.approx(known.params_b)
            for key in (
                "num_layers",
                "num_moe_layers",
                "num_attention_layers",
                "sliding_window",
                "kv_lora_rank",
                "quantization",
                "gated",
                "aliases",
                "source",
            ):
                assert getattr(made, key) == getattr(known, key)


@pytest.mark.parametrize(
    ("entry", "code", "words"),
    [
        ({}, "AT003", "must be a map"),
        ({"num_layer": 3, "like": "Qwen3-8B"}, "AT002", "unknown key `num_layer`"),
        ({"like": "Qwen/Qwen9-8B"}, "AT010", "not known"),
        ({"like": "Qwen3-8B", "num_heads": "many"}, "AT003", "`num_heads`"),
        ({"like": "Qwen3-8B", "num_layers": 0}, "AT003", "greater than 0"),
        ({"like": "Qwen3-8B", "num_layers": 3.5}, "AT003", "`num_layers`"),
        ({"like": "Qwen3-8B", "gated": "yes please"}, "AT003", "`gated`"),
        ({"like": "Qwen3-8B", "num_kv_heads": 5}, "AT003", "does not divide the 32 heads"),
        ({"like": "Qwen3-8B", "quantization": "fp9"}, "AT003", "did you mean fp8"),
        ({"like": "Qwen3-8B", "params_b": 70}, "AT003", "counts up to 8.19"),
        ({"like": "Qwen3-8B", "num_experts": 8}, "AT003", "speak of experts"),
        ({"like": "Qwen3-8B", "sliding_window": 4096}, "AT003", "window"),
        ({"like": "Qwen3-8B", "num_sliding_layers": 99, "sliding_window": 1}, "AT003", "more than the 36 layers"),
        ({"like": "Qwen3-8B", "kv_lora_rank": 512}, "AT003", "MLA needs both"),
        ({"like": "Qwen3-8B", "num_state_layers": 4}, "AT003", "layers with a state"),
        ({"like": "Qwen3-8B", "status": {"h100_sxm": "fine"}}, "AT003", "production"),
        ({"like": "Qwen3-8B", "status": {"h101": "failed"}}, "AT011", "`h101`"),
    ],
)  # fmt: skip
def test_mistakes_in_a_model(entry, code, words):
    ((found, message),) = faults(model, **entry)
    assert found == code
    assert words in message


def test_everything_that_is_wrong_is_said_at_once():
    found = faults(model, architecture="X", num_layers=-1, hidden=64)
    assert {code for code, _ in found} == {"AT002", "AT003"}
    assert {name for name in ("num_heads", "vocab_size", "max_context", "num_layers", "hidden") if any(f"`{name}`" in text for _, text in found)} == {
        "num_heads", "vocab_size", "max_context", "num_layers", "hidden"
    }  # fmt: skip


def test_gpus():
    made = gpu(**GPU)
    assert (made.memory_bytes, made.product, made.resource, made.supports_fp8) == (
        94_000_000_000,
        "mine",
        "nvidia.com/gpu",
        False,
    )
    assert gpu(**GPU | {"vendor": "amd", "architecture": "cdna3"}).resource == "amd.com/gpu"
    half = gpu(like="h100", gpus_per_node=4)
    assert (half.gpus_per_node, half.memory_bytes) == (4, find_gpu(builtin_catalog(), "h100_sxm").memory_bytes)


@pytest.mark.parametrize(
    ("entry", "code", "words"),
    [
        ({"like": "h101"}, "AT011", "not known"),
        ({"like": "h100", "memory": 80}, "AT002", "`memory`"),
        ({"like": "h100", "tflops": {"fp16": 300}}, "AT003", "bf16"),
        ({"like": "h100", "tflops": {"fp8": 300}}, "AT003", "lacks bf16"),
        ({"like": "h100", "tflops": {"bf16": 0}}, "AT003", "leave out"),
        ({"like": "h100", "bandwidth_gb_s": -1}, "AT003", "greater than 0"),
        ({"like": "h100", "memory_bytes": 80}, "AT003", "less than 1 GB"),
        ({"like": "h100", "vendor": "intel"}, "AT003", "nvidia"),
        ({key: value for key, value in GPU.items() if key != "memory_gb"}, "AT003", "memory"),
    ],
)  # fmt: skip
def test_mistakes_in_a_gpu(entry, code, words):
    ((found, message),) = faults(gpu, **entry)
    assert found == code
    assert words in message
