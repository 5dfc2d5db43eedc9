"""Number formats: which arithmetic a weight format runs in, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.catalog.facts import Format, Gpu

#: Weight format -> arithmetic of its GEMMs; weight-only formats are widened to 16 bit first.
_ARITHMETIC: dict[str, Format] = {
    "fp8": "fp8",
    "fp8_block": "fp8",
    "fp8_static": "fp8",
    "mxfp8": "fp8",
    "w4a8": "fp8",
    "w8a8": "int8",
    "nvfp4": "fp4",
    "mxfp4": "fp4",
}


def arithmetic(weight_format: str | None, gpu: Gpu) -> Format:
    """The format that GEMMs run in: that of the weights where the GPU has it, else 16 bit."""
    wanted = _ARITHMETIC.get(weight_format or "", "bf16")
    return wanted if wanted in gpu.tflops else "bf16"


def peak_flops(gpu: Gpu, arithmetic_format: Format) -> float:
    """Dense FLOP/s of one GPU; one whose catalog entry lacks the format is taken at its slowest."""
    tflops = gpu.tflops.get(arithmetic_format) or min(gpu.tflops.values(), default=1.0)
    return tflops * 1e12
