"""What the conditions of layers may ask: facts about the model, the GPU and the engine as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.catalog.memory import weight_bytes

if TYPE_CHECKING:
    from autotune.engines.engine import Facts

_DESCRIPTIONS: dict[str, dict[str, str]] = {
    "model": {
        "id": "Hub name, as the catalog spells it.",
        "architecture": "Class in config.json, e.g. `LlamaForCausalLM`.",
        "params_b": "All parameters, in 1e9.",
        "active_params_b": "Parameters used for one token, in 1e9; equal to params_b in a dense model.",
        "num_layers": "Decoder layers.",
        "num_heads": "Attention (query) heads.",
        "num_kv_heads": "Key and value heads.",
        "head_dim": "Width of one attention head.",
        "hidden_size": "Width of the residual stream.",
        "is_moe": "Whether it has routed experts.",
        "is_mla": "Whether it uses multi-head latent attention.",
        "num_experts": "Routed experts of one layer; 0 in a dense model.",
        "is_quantized": "Whether the checkpoint itself is quantized.",
        "quantization": 'Format of the checkpoint\'s weights: fp8_block, fp8_static, w4a16, nvfp4, mxfp4 ...; "" for 16 bit.',
        "weights_gb": "Weights as shipped, or in 16 bit for an unquantized checkpoint, in GB (1e9 bytes).",
        "max_context": "Longest context as shipped, in tokens.",
        "num_nextn_layers": "Multi-token-prediction layers in the checkpoint.",
        "multimodal": "Whether it takes images, video or audio.",
    },
    "gpu": {
        "name": "Catalog name.",
        "vendor": "nvidia, amd or cpu.",
        "architecture": "ampere, ada, hopper, blackwell, cdna3 or cpu.",
        "memory_gb": "Memory of one GPU, in GB (1e9 bytes).",
        "bandwidth_gb_s": "Memory bandwidth, in GB/s.",
        "bandwidth": "The same as bandwidth_gb_s.",
        "tflops_bf16": "Dense BF16 tensor arithmetic, in TFLOPS.",
        "flops": "The same, in FLOPS.",
        "supports_fp8": "Whether it has FP8 tensor cores.",
        "supports_fp4": "Whether it has FP4 tensor cores.",
        "nvlink": "Whether the GPUs of a node are joined by NVLink.",
        "gpus_per_node": "GPUs in one node.",
        "count": "GPUs that the deployment may use in all.",
    },
    "engine": {
        "name": "vllm, sglang, trtllm or transformers.",
        "version": "Version that flags are lowered for.",
    },
}


def condition_variables(facts: Facts, gpu_count: int | None = None) -> dict[str, dict[str, Any]]:
    """The `model`, `gpu` and `engine` namespaces of conditions, as plain values.

    Sizes and rates are floats even where they are whole, so that `gpu.memory_gb > 80.0` holds for every GPU. `gpu_count` is
    system.num_gpus, or gpus_per_node times nodes; default: one node.
    """
    model, gpu = facts.model, facts.gpu
    bf16 = float(gpu.tflops.get("bf16", 0.0))
    return {
        "model": {
            "id": model.id,
            "architecture": model.architecture,
            "params_b": float(model.params_b),
            "active_params_b": float(model.active_params_b),
            "num_layers": model.num_layers,
            "num_heads": model.num_heads,
            "num_kv_heads": model.num_kv_heads,
            "head_dim": model.head_dim,
            "hidden_size": model.hidden_size,
            "is_moe": model.is_moe,
            "is_mla": model.is_mla,
            "num_experts": model.num_experts,
            "is_quantized": model.is_quantized,
            "quantization": model.quantization or "",
            "weights_gb": weight_bytes(model, None) / 1e9,
            "max_context": model.max_context,
            "num_nextn_layers": model.num_nextn_layers,
            "multimodal": model.multimodal,
        },
        "gpu": {
            "name": gpu.name,
            "vendor": gpu.vendor,
            "architecture": gpu.architecture,
            "memory_gb": float(gpu.memory_gb),
            "bandwidth_gb_s": float(gpu.bandwidth_gb_s),
            "bandwidth": float(gpu.bandwidth_gb_s),
            "tflops_bf16": bf16,
            "flops": bf16 * 1e12,
            "supports_fp8": gpu.supports_fp8,
            "supports_fp4": gpu.supports_fp4,
            "nvlink": gpu.nvlink,
            "gpus_per_node": facts.gpus_per_node,
            "count": facts.gpus_per_node if gpu_count is None else gpu_count,
        },
        "engine": {"name": facts.engine, "version": facts.engine_version},
    }


def describe_variables() -> dict[str, dict[str, str]]:
    """One line for each variable of `condition_variables`, by namespace."""
    return {namespace: dict(lines) for namespace, lines in _DESCRIPTIONS.items()}
