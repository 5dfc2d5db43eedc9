"""Bytes of a weight and of a cached value in each number format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts

#: Bytes of one weight with its share of scales. Blocks: fp8_block 128 x 128 with a float32 scale; mxfp8 and mxfp4 32 with a
#: one-byte scale (OCP MX specification 1.0); nvfp4 16 with a one-byte scale; 4 bit integers 128 with a 16 bit scale and a
#: 4 bit zero point (what AWQ and GPTQ checkpoints ship). Scales per tensor or channel are too few to count.
WEIGHT_BYTES: dict[str, float] = {
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "fp8_static": 1.0,
    "fp8_block": 1.0 + 4 / 128**2,
    "mxfp8": 1.0 + 1 / 32,
    "int8_wo": 1.0,
    "w8a8": 1.0,
    "int4_wo": 0.5 + 2.5 / 128,
    "w4a16": 0.5 + 2.5 / 128,
    "w4a8": 0.5 + 2.5 / 128,
    "nvfp4": 0.5 + 1 / 16,
    "mxfp4": 0.5 + 1 / 32,
}

#: Bytes of one cached key or value. nvfp4 keeps a one-byte scale per 16 values.
KV_BYTES: dict[str, float] = {
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "fp8_e4m3": 1.0,
    "fp8_e5m2": 1.0,
    "int8": 1.0,
    "nvfp4": 0.5 + 1 / 16,
}

_DTYPE_BYTES = {"float": 4, "float32": 4}


def is_chosen(mode: str | None) -> bool:
    """Whether a format was asked for; None and `auto` leave it to the checkpoint."""
    return mode is not None and mode != "auto"


def dtype_bytes(dtype: str | None) -> int:
    """Bytes of an unquantized value. Engines serve float32 checkpoints in 16 bit unless told otherwise."""
    return _DTYPE_BYTES.get(dtype or "auto", 2)


def linear_format(model: ModelFacts, gemm_mode: str | None) -> str | None:
    """Format of the dense layers as served; None is the 16 bit type. The checkpoint's own format stands."""
    if model.quantization is not None:
        return None if model.quantized_experts_only else model.quantization
    return gemm_mode if is_chosen(gemm_mode) else None


def expert_format(model: ModelFacts, gemm_mode: str | None, moe_mode: str | None) -> str | None:
    """Format of the routed experts as served; None is the 16 bit type."""
    if model.quantization is not None:
        return model.quantization
    return moe_mode if is_chosen(moe_mode) else linear_format(model, gemm_mode)


def weight_size(fmt: str | None, wide: int) -> float:
    """Bytes of one weight; `wide` is what an unquantized one takes."""
    if fmt is None or fmt in ("bf16", "fp16"):
        return float(wide)
    return WEIGHT_BYTES.get(fmt, float(wide))


def kv_value_bytes(kvcache_mode: str | None, dtype: str | None = None) -> float:
    """Bytes of one cached value; unset and `auto` follow the model's type."""
    if kvcache_mode is None or kvcache_mode == "auto":
        return float(dtype_bytes(dtype))
    return KV_BYTES[kvcache_mode]
