import pytest

from autotune.check.divisibility import (
    check_expert_ranks,
    check_heads,
    check_kv_heads,
    check_quantization_blocks,
    check_stages,
)
from tests.check.findings import codes, findings


def test_tp_that_does_not_divide_the_heads():
    (item,) = findings(check_heads, parallel={"tp": 3})
    assert item.code == "AT012"
    assert item.path == "parallel.tp"
    assert item.message == "parallel.tp=3 does not divide the model's 32 attention heads"
    assert item.help == "use 1, 2, 4, 8, 16 or 32"


@pytest.mark.parametrize("tp", [None, 1, 2, 8, 32])
def test_tp_that_divides_the_heads(tp):
    assert findings(check_heads, parallel={"tp": tp}) == []


def test_attention_data_parallelism_divides_the_ranks_first():
    parallel = {"tp": 12, "dp": 3, "dp_attention": True}
    assert findings(check_heads, "Qwen3-30B-A3B", engine="sglang", parallel=parallel) == []
    assert codes(check_heads, "Qwen3-30B-A3B", engine="sglang", parallel={"tp": 12}) == ["AT012"]


def test_kv_heads_are_split_or_copied_evenly():
    # Qwen3-14B: 40 heads, 8 KV heads
    (item,) = findings(check_kv_heads, "Qwen3-14B", parallel={"tp": 5})
    assert item.code == "AT013"
    assert item.message == "parallel.tp=5 neither divides the model's 8 KV heads nor is a multiple of them"
    assert item.help == "use 1, 2, 4, 8 or 40"
    assert findings(check_kv_heads, "Qwen3-14B", parallel={"tp": 8}) == []
    assert findings(check_kv_heads, "Qwen3-14B", parallel={"tp": 40}) == []
    assert findings(check_kv_heads, "Qwen3-30B-A3B", parallel={"tp": 8}) == []


def test_mla_has_no_kv_heads_to_split():
    assert findings(check_kv_heads, "DeepSeek-V3", parallel={"tp": 8}) == []


def test_one_mistake_gives_one_finding():
    assert findings(check_kv_heads, "Qwen3-14B", parallel={"tp": 3}) == []
    assert codes(check_heads, "Qwen3-14B", parallel={"tp": 3}) == ["AT012"]


def test_more_stages_than_layers():
    (item,) = findings(check_stages, parallel={"pp": 33})
    assert item.code == "AT014"
    assert item.message == "parallel.pp=33 is more than the model's 32 layers"
    assert findings(check_stages, parallel={"pp": 32}) == []


@pytest.mark.parametrize("engine", ["vllm", "sglang", "trtllm"])
def test_a_dense_model_has_no_experts(engine):
    (item,) = findings(check_expert_ranks, engine=engine, parallel={"tp": 4, "ep": 4})
    assert (item.code, item.path) == ("AT033", "parallel.ep")
    assert findings(check_expert_ranks, engine=engine, parallel={"tp": 4, "ep": 1}) == []


def test_ep_divides_experts_and_tp():
    # Qwen3-30B-A3B: 128 experts
    (item,) = findings(check_expert_ranks, "Qwen3-30B-A3B", engine="sglang", parallel={"tp": 6, "ep": 3})
    assert item.message == "parallel.ep=3 does not divide the model's 128 experts"
    assert item.help == "use 1 or 2"
    (item,) = findings(check_expert_ranks, "Qwen3-30B-A3B", engine="sglang", parallel={"tp": 4, "ep": 8})
    assert item.message == "parallel.ep=8 does not divide parallel.tp=4, whose ranks share the experts"
    assert findings(check_expert_ranks, "Qwen3-30B-A3B", engine="sglang", parallel={"tp": 8, "ep": 4}) == []


def test_vllm_takes_ep_as_on_or_off():
    assert findings(check_expert_ranks, "Qwen3-30B-A3B", parallel={"tp": 4, "ep": 8}) == []


def test_fp8_blocks_are_not_cut():
    # experts are 1536 wide: 12 blocks of 128
    (item,) = findings(check_quantization_blocks, "Qwen3-235B-A22B-FP8", parallel={"tp": 8})
    assert item.code == "AT034"
    assert "into slices of 192" in item.message
    assert item.help == "use parallel.tp=4, or set parallel.ep"
    assert findings(check_quantization_blocks, "Qwen3-235B-A22B-FP8", parallel={"tp": 4}) == []
    assert findings(check_quantization_blocks, "Qwen3-235B-A22B-FP8", parallel={"tp": 8, "ep": 8}) == []
    assert (
        findings(check_quantization_blocks, "Qwen3-235B-A22B-FP8", engine="sglang", parallel={"tp": 8, "ep": 2}) == []
    )
    assert findings(check_quantization_blocks, "Qwen3-235B-A22B", parallel={"tp": 8}) == []


def test_fp8_blocks_of_a_dense_mlp():
    # 25600 wide: 200 blocks
    assert codes(check_quantization_blocks, "Qwen3-32B-FP8", parallel={"tp": 16}) == ["AT034"]
    assert findings(check_quantization_blocks, "Qwen3-32B-FP8", parallel={"tp": 8}) == []
