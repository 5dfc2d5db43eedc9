import pytest

from autotune.check.kernels import check_kv_kernels
from tests.check.findings import codes


@pytest.mark.parametrize(
    ("backend", "mode", "gpu", "found"),
    [
        ("flash_attn", "fp8_e4m3", "h100_sxm", []),
        ("flash_attn", "fp8_e5m2", "h100_sxm", ["AT027"]),
        ("FLASH_ATTN", "fp8_e4m3", "l40s", ["AT027"]),
        ("flashinfer", "fp8_e5m2", "l40s", []),
        ("triton", "fp8_e4m3", "l40s", []),
        ("flex_attention", "fp8", "h100_sxm", ["AT027"]),
        ("flex_attention", "bf16", "h100_sxm", []),
        ("flex_attention", None, "h100_sxm", []),
        ("flashmla", "fp8", "h100_sxm", []),
        ("flashmla", "fp8_e5m2", "h100_sxm", ["AT027"]),
        (None, "fp8_e5m2", "h100_sxm", []),
    ],
)
def test_kernels_against_the_kv_cache_format(backend, mode, gpu, found):
    groups = {"attention": {"backend": backend}, "quantization": {"kvcache_mode": mode}}
    assert codes(check_kv_kernels, gpu=gpu, **groups) == found
    assert codes(check_kv_kernels, gpu=gpu, engine="sglang", **groups) == []
