"""Number formats of weights and KV cache."""

from autotune.diagnostics.codes.code import Code, Example

FORMAT_CODES: dict[str, Code] = {
    "AT017": Code(
        "error",
        "the GPU lacks this number format",
        "The GPU has no hardware for this format, and the engine refuses it or falls back to something much slower.",
        "Choose a format that the GPU supports; the profiles do so by condition.",
        Example("autotune check quantization.gemm_mode=nvfp4 system.gpu=h100_sxm"),
    ),
    "AT018": Code(
        "error",
        "quantization contradicts the checkpoint",
        "A checkpoint that is already quantized is loaded in its own format; another one cannot be laid on top, and a format that lives in checkpoints cannot be made at load time.",
        "Leave quantization.gemm_mode unset for a quantized checkpoint, or name a checkpoint in the format wanted.",
        Example("autotune check quantization.gemm_mode=w4a16"),
    ),
    "AT105": Code(
        "warning",
        "the GPU computes this format in 16 bit",
        "The GPU has no tensor cores for the checkpoint's format; the engine unpacks the weights for every step, which saves memory but no time.",
        "Expect the speed of 16 bit, or choose a checkpoint in a format that the GPU supports.",
        Example("autotune check model.id=Qwen/Qwen3-8B-FP8 system.gpu=a100_sxm"),
    ),
}
