import dataclasses

import pytest

from autotune.catalog import get_model
from autotune.catalog.memory import kv_bytes_per_token, sliding_bytes, weight_bytes


@pytest.mark.parametrize(
    ("model", "gb"),
    [
        ("Llama-3.1-70B-Instruct", 141.1),
        ("Qwen3-32B", 65.5),
        ("Qwen3-32B-AWQ", 19.3),
        ("gpt-oss-120b", 65.3),  # the model card's 60.8 GiB
        ("gpt-oss-20b", 13.7),  # the model card's 12.8 GiB
        ("Qwen3-30B-A3B-FP8", 31.2),
    ],
)
def test_weights_as_shipped(model, gb):
    assert weight_bytes(get_model(model), None) / 1e9 == pytest.approx(gb, rel=0.01)


def test_online_fp8_leaves_embeddings_and_head_in_16_bit():
    model = get_model("Llama-3.1-8B-Instruct")
    tables = 2 * model.vocab_size * model.hidden_size
    whole = weight_bytes(model, None)
    # What is quantized shrinks to half, and tables (and some norms) stay.
    assert whole - weight_bytes(model, "fp8") == pytest.approx((whole - 2 * tables) / 2, rel=0.001)


def test_a_quantized_checkpoint_stays_in_its_format():
    model = get_model("Qwen3-32B-FP8")
    assert weight_bytes(model, None) == weight_bytes(model, "fp8") == weight_bytes(model, "auto")


def test_experts_may_be_in_a_format_of_their_own():
    model = get_model("Qwen3-30B-A3B")
    assert weight_bytes(model, "fp8") < weight_bytes(model, None, "fp8") < weight_bytes(model, None)


def test_float32_doubles():
    model = get_model("Llama-3.2-1B-Instruct")
    assert weight_bytes(model, None, dtype="float32") == pytest.approx(2 * weight_bytes(model, None))


def test_the_size_on_disk_is_taken_where_it_is_known():
    model = dataclasses.replace(get_model("Llama-3.1-8B-Instruct"), weights_bytes=16_100_000_000)
    assert weight_bytes(model, None) == 16_100_000_000
    assert weight_bytes(model, "fp8") < 10_000_000_000


def test_a_float32_checkpoint_is_served_in_16_bit():
    model = dataclasses.replace(get_model("Llama-3.2-1B-Instruct"), dtype="float32", weights_bytes=4_943_000_000)
    assert weight_bytes(model, None) == pytest.approx(2_471_500_000, rel=0.001)
    assert weight_bytes(model, None, dtype="float32") == pytest.approx(4_943_000_000, rel=0.001)


@pytest.mark.parametrize(
    ("model", "mode", "expected"),
    [
        ("Llama-3.1-70B-Instruct", None, 327_680),
        ("Llama-3.1-70B-Instruct", "fp8", 163_840),
        ("Qwen3-32B", "auto", 262_144),
        ("DeepSeek-V3", None, 70_272),  # 61 layers x (512 + 64) x 2 bytes, whatever the heads
        ("DeepSeek-V3", "fp8_e4m3", 35_136),
        ("gpt-oss-20b", None, 24_576),  # the 12 layers of 24 that see everything
    ],
)
def test_kv_cache_of_one_token(model, mode, expected):
    assert kv_bytes_per_token(get_model(model), mode) == expected


def test_sliding_layers_stop_growing_at_their_window():
    model = get_model("gemma-3-27b-it")
    at_window = sliding_bytes(model, None, 1024)
    assert at_window == 52 * 1024 * 2 * 16 * 128 * 2
    assert sliding_bytes(model, None, 100_000) == at_window
    assert sliding_bytes(model, None, 512) == at_window / 2
    assert sliding_bytes(get_model("Qwen3-32B"), None, 100_000) == 0
