import pytest

from autotune.check.quantization import check_checkpoint, check_experts_format, check_kv_format, check_weight_format
from tests.check.findings import codes, findings


def gemm(mode, **more):
    return {"quantization": {"gemm_mode": mode, **more}}


@pytest.mark.parametrize("mode", ["w4a16", "w4a8", "w8a8", "fp8_static", "mxfp4"])
def test_formats_of_checkpoints_cannot_be_made_while_loading(mode):
    (item,) = findings(check_checkpoint, **gemm(mode))
    assert (item.code, item.path) == ("AT018", "quantization.gemm_mode")
    assert f"quantization.gemm_mode={mode} is a format of checkpoints" in item.message


@pytest.mark.parametrize("mode", [None, "auto", "bf16", "fp16", "fp8", "fp8_block", "mxfp8", "int8_wo", "nvfp4"])
def test_other_formats_can(mode):
    assert findings(check_checkpoint, **gemm(mode)) == []


@pytest.mark.parametrize(
    ("model", "mode"),
    [
        ("Qwen3-32B-AWQ", "fp8"),
        ("Qwen3-32B-AWQ", "bf16"),
        ("DeepSeek-V3", "nvfp4"),
        ("DeepSeek-V3", "bf16"),
        ("gpt-oss-20b", "fp8"),
    ],
)
def test_a_quantized_checkpoint_takes_no_other_format(model, mode):
    (item,) = findings(check_checkpoint, model, **gemm(mode))
    assert item.code == "AT018"
    assert "cannot be laid on" in item.message


@pytest.mark.parametrize(
    ("model", "mode"),
    [
        ("Qwen3-32B-AWQ", "w4a16"),
        ("Qwen3-32B-AWQ", None),
        ("DeepSeek-V3", "fp8"),
        ("DeepSeek-V3", "fp8_block"),
        ("gpt-oss-20b", "mxfp4"),
        ("gpt-oss-20b", "bf16"),
    ],
)
def test_a_quantized_checkpoint_takes_its_own(model, mode):
    assert findings(check_checkpoint, model, **gemm(mode)) == []


@pytest.mark.parametrize(
    ("model", "gemm_mode", "moe_mode", "expected"),
    [
        ("Qwen3-30B-A3B", None, "fp8", ["AT018"]),
        ("Qwen3-30B-A3B", "fp8", "bf16", ["AT018"]),
        ("Qwen3-30B-A3B", "fp8", "fp8", []),
        ("Qwen3-30B-A3B", None, "bf16", []),
        ("gpt-oss-20b", "bf16", "mxfp4", []),
        ("gpt-oss-20b", None, "bf16", ["AT018"]),
        ("DeepSeek-V3", None, "fp8_block", []),
        ("DeepSeek-V3", None, "fp8", []),
        ("Qwen3-8B", None, "fp8", []),  # no experts, no effect
    ],
)
def test_experts_are_in_the_format_they_are_in(model, gemm_mode, moe_mode, expected):
    assert codes(check_experts_format, model, **gemm(gemm_mode, moe_mode=moe_mode)) == expected


@pytest.mark.parametrize(
    ("gpu", "mode", "expected"),
    [
        ("h100_sxm", "fp8", []), ("l4", "fp8", []), ("mi300x", "fp8", []), ("a100_sxm", "fp8", ["AT017"]), ("a100_sxm", "mxfp8", ["AT017"]),
        ("a100_sxm", "int8_wo", []), ("h100_sxm", "nvfp4", ["AT017"]), ("b200_sxm", "nvfp4", []), ("mi300x", "nvfp4", ["AT017"]), ("cpu", "fp8", ["AT017"]),
        ("cpu", "bf16", []), ("a100_sxm", None, []),
    ],
)  # fmt: skip
def test_formats_made_while_loading_need_the_hardware(gpu, mode, expected):
    assert codes(check_weight_format, gpu=gpu, **gemm(mode)) == expected


@pytest.mark.parametrize(
    ("model", "gpu", "engine", "expected"),
    [
        ("Qwen3-32B-FP8", "a100_sxm", "vllm", ["AT105"]),
        ("Qwen3-32B-FP8", "a100_sxm", "sglang", ["AT105"]),
        ("Qwen3-32B-FP8", "a100_sxm", "trtllm", ["AT017"]),
        ("Qwen3-32B-FP8", "h100_sxm", "trtllm", []),
        ("Qwen3-235B-A22B-NVFP4", "h100_sxm", "vllm", ["AT105"]),
        ("Qwen3-235B-A22B-NVFP4", "h100_sxm", "sglang", ["AT017"]),
        ("Qwen3-235B-A22B-NVFP4", "b200_sxm", "sglang", []),
        ("gpt-oss-120b", "a100_sxm", "vllm", []),
        ("Qwen3-32B-AWQ", "a100_sxm", "vllm", []),
    ],
)
def test_checkpoints_run_without_the_hardware_where_the_engine_unpacks_them(model, gpu, engine, expected):
    assert codes(check_weight_format, model, gpu, engine) == expected


@pytest.mark.parametrize(
    ("gpu", "engine", "mode", "backend", "expected"),
    [
        ("h100_sxm", "vllm", "fp8", None, []),
        ("a100_sxm", "vllm", "fp8", None, []),
        ("a100_sxm", "vllm", "fp8", "flashinfer", []),
        ("a100_sxm", "vllm", "fp8", "triton", ["AT017"]),
        ("a100_sxm", "vllm", "fp8_e4m3", "flash_attn", ["AT017"]),
        ("a100_sxm", "trtllm", "fp8", None, ["AT017"]),
        ("h100_sxm", "trtllm", "fp8", None, []),
        ("h100_sxm", "vllm", "nvfp4", None, ["AT017"]),
        ("b200_sxm", "vllm", "nvfp4", None, []),
        ("cpu", "vllm", "fp8", None, []),
        ("cpu", "vllm", "int8", None, ["AT017"]),
        ("a100_sxm", "vllm", "bf16", "triton", []),
    ],
)
def test_kv_cache_formats(gpu, engine, mode, backend, expected):
    assert (
        codes(
            check_kv_format, gpu=gpu, engine=engine, quantization={"kvcache_mode": mode}, attention={"backend": backend}
        )
        == expected
    )
