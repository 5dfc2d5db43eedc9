import pytest

from autotune.check.layout import (
    check_attention_ranks,
    check_even_stages,
    check_expert_grid,
    check_span,
    check_token_ranks,
)
from tests.check.findings import codes, findings


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ({"tp": 8, "moe_tp": 2, "ep": 4}, []),
        ({"tp": 8, "moe_tp": 2, "moe_ep": 4}, []),
        ({"tp": 8, "moe_tp": 4}, []),
        ({"tp": 8, "ep": 4}, []),
        ({"tp": 8, "moe_tp": 2, "ep": 2}, ["AT033"]),
        ({"tp": 8, "moe_tp": 3}, ["AT033"]),
    ],
)
def test_sizes_inside_experts_multiply_to_tp_in_tensorrt_llm(sizes, found):
    assert codes(check_expert_grid, "Qwen3-30B-A3B", engine="trtllm", parallel=sizes) == found
    assert codes(check_expert_grid, "Qwen3-30B-A3B", engine="vllm", parallel=sizes) == []


def test_the_fitting_size_inside_experts_is_named():
    (item,) = findings(check_expert_grid, "Qwen3-30B-A3B", engine="trtllm", parallel={"tp": 8, "moe_tp": 2, "ep": 2})
    assert "parallel.moe_tp=2 x parallel.ep=2 is 4, and parallel.tp=8" in item.message
    assert "parallel.moe_tp=4" in item.help


def test_stages_that_do_not_divide_the_layers_are_a_warning_with_the_cost():
    (item,) = findings(check_even_stages, parallel={"pp": 5})
    assert (item.code, item.severity, item.path) == ("AT106", "warning", "parallel.pp")
    assert "the longest stage has 7, which costs about 9%" in item.message
    assert item.help == "use parallel.pp=4"
    assert findings(check_even_stages, parallel={"pp": 4}) == []
    assert findings(check_even_stages, parallel={"pp": 100}) == [], "that is AT014's"


@pytest.mark.parametrize(
    ("model", "sizes", "found"),
    [
        ("Llama-3.1-8B-Instruct", {"tp": 16, "dcp": 2}, []),
        ("Llama-3.1-8B-Instruct", {"tp": 32, "dcp": 4}, []),
        ("Llama-3.1-8B-Instruct", {"tp": 8, "dcp": 2}, ["AT036"]),
        ("Llama-3.1-8B-Instruct", {"tp": 16, "dcp": 4}, ["AT036"]),
        ("Llama-3.1-8B-Instruct", {"tp": 16, "dcp": 3}, ["AT036"]),
        ("DeepSeek-V3", {"tp": 8, "dcp": 8}, []),
        ("DeepSeek-V3", {"tp": 8, "dcp": 3}, ["AT036"]),
        ("Llama-3.1-8B-Instruct", {"tp": 8, "dcp": 1}, []),
    ],
)
def test_decode_context_parallelism_splits_copies_of_kv_heads(model, sizes, found):
    assert codes(check_token_ranks, model, parallel=sizes) == found
    assert codes(check_token_ranks, model, engine="sglang", parallel=sizes) == []


def test_the_tensor_parallel_size_that_makes_copies_is_named():
    (item,) = findings(check_token_ranks, parallel={"tp": 8, "dcp": 2})
    assert "tp=16" in item.help
    assert findings(check_token_ranks, parallel={"tp": 16, "dcp": 2}) == []


@pytest.mark.parametrize(
    ("model", "found"), [("Llama-3.1-8B-Instruct", ["AT109"]), ("Qwen3-30B-A3B", []), ("DeepSeek-V3", [])]
)
def test_data_parallel_attention_pays_for_mla_and_experts(model, found):
    sizes = {"tp": 4, "dp_attention": True}
    assert codes(check_attention_ranks, model, engine="sglang", parallel=sizes) == found
    assert codes(check_attention_ranks, model, engine="vllm", parallel=sizes) == []
    assert codes(check_attention_ranks, model, engine="sglang", parallel={"tp": 1, "dp_attention": True}) == []


def test_tensor_parallelism_across_nodes():
    (item,) = findings(check_span, parallel={"tp": 16}, system={"nodes": 2})
    assert (item.code, item.severity) == ("AT111", "warning")
    assert "50 GB/s instead of 450 GB/s" in item.message
    assert item.help.startswith("parallel.tp=8 with parallel.pp=2")
    assert findings(check_span, parallel={"tp": 8, "pp": 2}, system={"nodes": 2}) == []
    assert findings(check_span, parallel={"tp": 16}) == [], "one node without as many GPUs is AT015's"
