"""What cannot be true of a model or a GPU: facts that contradict each other, as (key, what is wrong with it)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.catalog.formats import WEIGHT_BYTES
from autotune.catalog.parameters import count_params
from autotune.diagnostics import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from autotune.catalog.facts import Gpu, ModelFacts

#: Parameters may differ from the count by this much: biases, adapters and encoders are not in the shape.
TOLERANCE = 0.25


def model_faults(model: ModelFacts, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Contradictions within one model; `given` is what was written, which a fault names first."""
    if model.num_heads % model.num_kv_heads:
        yield "num_kv_heads", f"is {model.num_kv_heads}, which does not divide the {model.num_heads} heads"
    parts = {"num_experts": model.num_experts, "experts_per_token": model.experts_per_token, "num_moe_layers": model.num_moe_layers,
             "moe_intermediate_size": model.moe_intermediate_size}  # fmt: skip
    if any(parts.values()) and not all(parts.values()):
        missing = next(key for key, value in parts.items() if not value)
        yield missing, "is not set, though other facts speak of experts"
    if model.experts_per_token > model.num_experts:
        yield "experts_per_token", f"is {model.experts_per_token}, more than the {model.num_experts} experts"
    for key in ("num_moe_layers", "num_sliding_layers", "num_attention_layers", "num_state_layers", "num_dense_layers"):
        value = getattr(model, key)
        if value is not None and value > model.num_layers:
            yield key, f"is {value}, more than the {model.num_layers} layers"
    if (model.sliding_window is None) != (model.num_sliding_layers == 0):
        missing = "num_sliding_layers" if model.sliding_window is not None else "sliding_window"
        yield missing, "is not set: a window needs the number of its layers, and they need its width"
    if (model.kv_lora_rank is None) != (model.qk_rope_head_dim is None):
        missing = "kv_lora_rank" if model.kv_lora_rank is None else "qk_rope_head_dim"
        yield missing, "is not set: MLA needs both kv_lora_rank and qk_rope_head_dim"
    if model.num_state_layers and not model.state_layer_params:
        yield "state_layer_params", "is not set: layers with a state need the parameters of one of them"
    if (
        model.quantization is not None
        and model.quantization not in WEIGHT_BYTES
        and "quantization" in given
        and model.weights_bytes is None
    ):
        yield (
            "quantization",
            f"is `{model.quantization}`, whose size is not known; {suggest(model.quantization, WEIGHT_BYTES, 16)}",
        )
    counted = count_params(model) / 1e9
    if "params_b" in given and abs(counted / model.params_b - 1) > TOLERANCE:
        yield (
            "params_b",
            f"is {model.params_b:g}, but the shape counts up to {counted:.3g}; leave it out to have it counted",
        )


def gpu_faults(gpu: Gpu, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Contradictions within one GPU."""
    if "bf16" not in gpu.tflops:
        yield "tflops", "lacks bf16: dense 16 bit arithmetic in TFLOPS"
    for form, value in gpu.tflops.items():
        if value <= 0:
            yield "tflops", f"has {form}: {value:g}; leave out a format that the GPU does not compute in"
    if "memory_gb" not in given and gpu.memory_bytes < 1e9:
        yield "memory_bytes", f"is {gpu.memory_bytes}, less than 1 GB; `memory_gb` takes GB"
