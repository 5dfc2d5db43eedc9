"""Number formats against the checkpoint and the GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.formats import expert_format, is_chosen, linear_format
from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.catalog.facts import Gpu, ModelFacts
    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Formats that are made when a checkpoint is written, with calibration data; no engine makes them while loading.
CHECKPOINT_ONLY = frozenset({"fp8_static", "w4a16", "w4a8", "w8a8", "mxfp4"})

_FP8 = frozenset({"fp8", "fp8_static", "fp8_block", "mxfp8", "w4a8"})
_CPU = frozenset({"bf16", "fp16", "w4a16", "w8a8", "int8_wo", "int4_wo"})


def check_checkpoint(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT018: gemm_mode against what the checkpoint holds."""
    mode, model = config.quantization.gemm_mode, facts.model
    if not is_chosen(mode) or mode is None:
        return
    if model.quantization is None:
        if mode in CHECKPOINT_ONLY:
            yield diagnostic(
                "AT018", f"quantization.gemm_mode={mode} is a format of checkpoints, and `{model.id}` is in 16 bit", path="quantization.gemm_mode",
                help=f"name a checkpoint in {mode}, or use a format that is made while loading, such as fp8",
            )  # fmt: skip
    elif mode not in _accepted(model):
        yield diagnostic(
            "AT018", f"quantization.gemm_mode={mode} cannot be laid on `{model.id}`, whose weights are in {model.quantization}",
            path="quantization.gemm_mode", help="leave quantization.gemm_mode unset, or name an unquantized checkpoint",
        )  # fmt: skip


def check_experts_format(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT018: moe_mode says what the experts are in; no engine converts the experts alone."""
    mode, model = config.quantization.moe_mode, facts.model
    if not is_chosen(mode) or not model.is_moe:
        return
    gemm = config.quantization.gemm_mode
    held = expert_format(model, gemm, None)
    accepted = {held} if held is not None else {"bf16", "fp16"}
    if mode in accepted or (held == "fp8_block" and mode == "fp8"):
        return
    yield diagnostic(
        "AT018", f"quantization.moe_mode={mode}, but the experts are served in {held or '16 bit'}, and no engine converts them alone",
        path="quantization.moe_mode", help="leave quantization.moe_mode unset, or name a checkpoint with experts in that format",
    )  # fmt: skip


def check_weight_format(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT017: the GPU has no arithmetic for a format that is made while loading, or the engine cannot do without it.

    AT105: a checkpoint in FP8 or NVFP4 on an NVIDIA GPU without it runs all the same in vLLM and SGLang (NVFP4 in vLLM only), through
    Marlin kernels that unpack weights to 16 bit. MXFP4 and 4 bit integers are meant to be unpacked, on every GPU.
    """
    model, quantization = facts.model, config.quantization
    formats = {linear_format(model, quantization.gemm_mode)}
    if model.is_moe:
        formats.add(expert_format(model, quantization.gemm_mode, None))
    for fmt in sorted(item for item in formats if item is not None and not _computes(facts.gpu, item)):
        mode = quantization.gemm_mode
        path = "quantization.gemm_mode" if is_chosen(mode) else "model.id"
        what = f"quantization.gemm_mode={fmt}" if mode == fmt else f"the checkpoint's format {fmt}"
        if model.is_quantized and facts.gpu.vendor == "nvidia" and facts.engine in _unpackers(fmt):
            yield diagnostic("AT105", f"{facts.gpu.name} has no arithmetic for {what}: weights are unpacked to 16 bit", path=path,
                             help=f"expect the speed of 16 bit; {_capable(fmt)} would be faster")  # fmt: skip
        else:
            yield diagnostic("AT017", f"{facts.gpu.name} has no arithmetic for {what}", path=path,
                             help=f"{_capable(fmt)}, or {'another checkpoint' if model.is_quantized else 'quantization.gemm_mode=bf16'}")  # fmt: skip


def check_kv_format(config: Config, facts: Facts) -> Iterator[Diagnostic]:
    """AT017: the KV cache format against the GPU.

    FP8 values can be stored by any GPU and widened when read. On Ampere, FlashInfer does so in vLLM and SGLang; vLLM's Triton
    kernels refuse below compute capability 8.9 (v1/attention/backends/triton_attn.py), FlashAttention has FP8 on Hopper only,
    and TensorRT-LLM asks for FP8 hardware. The CPU build of vLLM stores FP8 too (v1/attention/backends/cpu_attn.py).
    """
    mode, gpu = config.quantization.kvcache_mode, facts.gpu
    if mode is None or mode in ("auto", "bf16", "fp16"):
        return
    path = "quantization.kvcache_mode"
    if mode == "nvfp4" and not gpu.supports_fp4:
        yield diagnostic(
            "AT017",
            f"{gpu.name} has no arithmetic for {path}=nvfp4",
            path=path,
            help="use fp8 or bf16, or a Blackwell GPU",
        )
    elif mode == "int8" and gpu.vendor == "cpu":
        yield diagnostic(
            "AT017", f"no engine keeps an int8 KV cache on a CPU ({path}=int8)", path=path, help="use fp8 or bf16"
        )
    elif mode.startswith("fp8") and not gpu.supports_fp8 and gpu.vendor == "nvidia":
        backend = (config.attention.backend or "").lower()
        if facts.engine == "trtllm":
            yield diagnostic(
                "AT017",
                f"TensorRT-LLM needs FP8 arithmetic for {path}={mode}, which {gpu.name} lacks",
                path=path,
                help="use bf16",
            )
        elif facts.engine == "vllm" and backend.startswith(("triton", "flash_attn", "fa3", "fa4")):
            yield diagnostic("AT017", f"attention.backend={config.attention.backend} cannot keep an FP8 KV cache on {gpu.name}", path=path,
                             help="use attention.backend=flashinfer, or a bf16 KV cache")  # fmt: skip


def _accepted(model: ModelFacts) -> frozenset[str]:
    """Values of gemm_mode that mean what the checkpoint holds."""
    if model.quantization is None:
        return frozenset()
    accepted = {model.quantization}
    if model.quantization == "fp8_block":
        accepted.add("fp8")  # `--quantization fp8` is the method's name for both
    if model.quantized_experts_only:
        accepted |= {"bf16"}  # what the layers beside the experts are in
    return frozenset(accepted)


def _computes(gpu: Gpu, fmt: str) -> bool:
    """Whether the GPU is meant for weights in this format."""
    if gpu.vendor == "cpu":
        return fmt in _CPU
    if fmt in _FP8:
        return gpu.supports_fp8
    if fmt == "nvfp4":
        return gpu.supports_fp4 and gpu.vendor == "nvidia"
    return "int8" in gpu.tflops if fmt == "w8a8" else True


def _unpackers(fmt: str) -> tuple[str, ...]:
    """Engines with kernels that unpack weights of this format to 16 bit on NVIDIA GPUs."""
    if fmt == "nvfp4":
        return ("vllm",)
    return ("vllm", "sglang") if fmt in ("fp8", "fp8_static", "fp8_block") else ()


def _capable(fmt: str) -> str:
    if fmt == "nvfp4":
        return "an NVIDIA Blackwell GPU"
    return "an Ada, Hopper, Blackwell or MI300 GPU" if fmt in _FP8 else "a GPU"
