"""memory_optimized quantizes weights only when they and the KV cache do not fit otherwise."""

import pytest

import autotune


def explain(*overrides):
    (point,) = autotune.compile([*overrides, "+profile=memory_optimized"])
    (record,) = [record for record in point.layered.records if record.layer.name == "weights"]
    return point, record


@pytest.mark.parametrize(
    ("model", "gpu", "tp", "quantized"),
    [
        ("Qwen/Qwen3-8B", "h100_sxm", 1, False),
        ("Qwen/Qwen3-32B", "h100_sxm", 2, False),
        ("meta-llama/Llama-3.3-70B-Instruct", "h100_sxm", 1, True),
        ("meta-llama/Llama-3.3-70B-Instruct", "h100_sxm", 4, False),
        ("Qwen/Qwen3-32B", "l40s", 1, True),
        ("Qwen/Qwen3-32B", "a100_sxm_40", 1, False),  # it does not fit, and the GPU has no FP8
    ],
)
def test_weights_are_quantized_by_need(model, gpu, tp, quantized):
    point, record = explain(f"model.id={model}", f"system.gpu={gpu}", f"parallel.tp={tp}")
    assert (point.data["quantization"]["gemm_mode"] == "fp8") is quantized
    assert "fit.fits = " in record.values


def test_what_the_user_said_is_not_touched():
    point, _ = explain(
        "model.id=meta-llama/Llama-3.3-70B-Instruct", "system.gpu=h100_sxm", "quantization.gemm_mode=bf16"
    )
    assert point.data["quantization"]["gemm_mode"] == "bf16"
