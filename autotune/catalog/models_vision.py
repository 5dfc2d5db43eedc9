"""Vision-language models whose text part is a model of the other tables. Sources as in `models_dense`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.catalog.models_dense import CONFIG, DENSE, PUBLISHED
from autotune.catalog.models_moe import MOE

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts

_TEXT = {model.id: model for model in (*DENSE, *MOE)}


def _with_eyes(  # noqa: PLR0917 - a row of a table
    name: str, text: str, encoder_params_b: float, architecture: str, context: int, source: str
) -> ModelFacts:
    """The text model with an encoder in front; parameters add up."""
    model = _TEXT[text]
    more = 0.0 if model.is_moe else encoder_params_b
    return replace(
        model, id=name, architecture=architecture, params_b=model.params_b + encoder_params_b, active_params_b=model.active_params_b + more,
        encoder_params_b=encoder_params_b, max_context=context, multimodal=True, aliases=(), source=source,
    )  # fmt: skip


def _qwen3_vl(size: str, text: str, encoder_params_b: float, *, moe: bool = False) -> ModelFacts:
    architecture = f"Qwen3VL{'Moe' if moe else ''}ForConditionalGeneration"
    return _with_eyes(
        f"Qwen/Qwen3-VL-{size}-Instruct", f"Qwen/Qwen3-{text}", encoder_params_b, architecture, 262144, CONFIG
    )


#: Encoders: 27 layers 1152 wide (24 of 1024 in the two smallest) and four mergers to the text model's width, counted from config.json.
VISION: tuple[ModelFacts, ...] = (
    _qwen3_vl("2B", "1.7B", 0.405),
    _qwen3_vl("4B", "4B", 0.413),
    _qwen3_vl("8B", "8B", 0.576),
    _qwen3_vl("32B", "32B", 0.595),
    _qwen3_vl("30B-A3B", "30B-A3B", 0.538, moe=True),
    _qwen3_vl("235B-A22B", "235B-A22B", 0.576, moe=True),
    _with_eyes("Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct", 0.676, "Qwen2_5_VLForConditionalGeneration", 128000, PUBLISHED),
    _with_eyes("Qwen/Qwen2.5-VL-72B-Instruct", "Qwen/Qwen2.5-72B-Instruct", 0.690, "Qwen2_5_VLForConditionalGeneration", 128000, PUBLISHED),
)  # fmt: skip
