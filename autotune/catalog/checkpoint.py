"""In which number format a checkpoint stores its weights, from the `quantization_config` of its config.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: NVIDIA ModelOpt's `quant_algo`.
_MODELOPT = {
    "FP8": "fp8_static",
    "FP8_PER_CHANNEL_PER_TOKEN": "fp8_static",
    "FP8_PB_WO": "fp8_block",
    "NVFP4": "nvfp4",
    "W4A16_NVFP4": "nvfp4",
    "MIXED_PRECISION": "nvfp4",
    "MXFP8": "mxfp8",
    "W4A16_AWQ": "w4a16",
    "W4A8_AWQ": "w4a8",
}


def quantization_format(top: Mapping[str, Any], text: Mapping[str, Any]) -> str | None:
    """Format of the weights: a key of `formats.WEIGHT_BYTES`, the method's own name where it is none of them, None for 16 bit."""
    config = _config(top, text)
    if config is None:
        return None
    method = str(config.get("quant_method") or config.get("quant_algo") or "").lower()
    if "quant_algo" in config:
        return _MODELOPT.get(str(config["quant_algo"]).upper(), method)
    if method == "fp8":
        return "fp8_block" if config.get("weight_block_size") else "fp8_static"
    if method == "fbgemm_fp8":
        return "fp8_static"
    if method in ("awq", "gptq", "auto-round", "auto_round", "awq_marlin", "gptq_marlin", "intel/auto-round"):
        return "int8_wo" if config.get("bits") == 8 else "w4a16"
    if method == "bitsandbytes":
        return "int8_wo" if config.get("load_in_8bit") else "int4_wo"
    if method == "compressed-tensors":
        return _compressed_tensors(config)
    return method or None


def experts_only(top: Mapping[str, Any], text: Mapping[str, Any]) -> bool:
    """Whether attention is left in 16 bit, as in gpt-oss and Kimi-K2.5, so that only the experts count as quantized."""
    config = _config(top, text)
    if config is None:
        return False
    left_out = config.get("modules_to_not_convert") or config.get("ignore") or config.get("exclude_modules") or []
    return isinstance(left_out, list) and any("self_attn" in str(item) and _is_pattern(str(item)) for item in left_out)


def _is_pattern(name: str) -> bool:
    """Whether it speaks of all layers: `model.layers.*.self_attn` or `re:.*self_attn.*`, not of one layer's one projection."""
    return "*" in name


def _config(top: Mapping[str, Any], text: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = top.get("quantization_config") or text.get("quantization_config") or top.get("compression_config")
    return found if isinstance(found, Mapping) else None


def _compressed_tensors(config: Mapping[str, Any]) -> str:
    """compressed-tensors names no format: it is the bits and kind of weights, and whether activations are quantized too."""
    groups = config.get("config_groups")
    group: Any = next(iter(groups.values()), {}) if isinstance(groups, Mapping) else {}
    weights = group.get("weights") if isinstance(group, Mapping) else None
    if not isinstance(weights, Mapping):
        return "compressed-tensors"
    match weights.get("type"), weights.get("num_bits"), bool(group.get("input_activations")):
        case "float", 8, _:
            return "fp8_block" if weights.get("strategy") == "block" else "fp8_static"
        case "float", 4, _:
            return "mxfp4" if "mxfp4" in str(config.get("format", "")) else "nvfp4"
        case "int", 8, with_activations:
            return "w8a8" if with_activations else "int8_wo"
        case "int", 4, with_activations:
            return "w4a8" if with_activations else "w4a16"
    return "compressed-tensors"
