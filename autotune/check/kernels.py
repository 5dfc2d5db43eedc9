"""Attention kernels against the KV cache format that they would have to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

_FP8 = frozenset({"fp8", "fp8_e4m3", "fp8_e5m2"})

#: KV cache formats that kernels of vLLM refuse: `supported_kv_cache_dtypes` in v1/attention/backends of 0.32. Names as in the
#: config, in lower case.
_REFUSED: dict[str, frozenset[str]] = {
    "flash_attn": frozenset({"fp8_e5m2", "nvfp4"}),
    "flex_attention": _FP8 | {"nvfp4"},
    "flash_attn_mla": _FP8 | {"nvfp4"},
    "flashmla": frozenset({"fp8_e5m2", "nvfp4"}),
    "cutlass_mla": frozenset({"fp8_e5m2", "nvfp4"}),
    "flashinfer_mla": frozenset({"fp8_e5m2", "nvfp4"}),
    "triton_mla": frozenset({"fp8_e5m2", "nvfp4"}),
}


def check_kv_kernels(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT027: the kernels chosen cannot read the KV cache format chosen.

    FlashAttention reads FP8 with its versions 3 and 4 only (`flash_attn_supports_kv_cache_dtype`), which Ada lacks. GPUs without
    FP8 are `check_kv_format`'s.
    """
    backend, mode = (config.attention.backend or "").lower(), config.quantization.kvcache_mode
    if facts.engine != "vllm" or mode is None or not backend or facts.gpu.vendor != "nvidia":
        return
    name = "flash_attn" if backend in ("fa2", "fa3", "fa4") else backend
    why = None
    if mode in _REFUSED.get(name, ()):
        why = "cannot read"
    elif name == "flash_attn" and mode in _FP8 and facts.gpu.architecture.lower().startswith("ada"):
        why = f"on {facts.gpu.name} cannot read"
    if why is not None:
        yield diagnostic(
            "AT027",
            f"attention.backend={config.attention.backend} {why} a KV cache in quantization.kvcache_mode={mode}",
            path="attention.backend",
            help=f"leave attention.backend unset, {'use fp8_e4m3, ' if mode == 'fp8_e5m2' and name == 'flash_attn' else ''}or keep the KV cache in 16 bit",
        )
