"""Configs and facts that the tests of this folder share."""

from typing import Any

from autotune.catalog.gpus import GPUS
from autotune.catalog.models import MODELS
from autotune.engines import Facts
from autotune.schema import Config

NEWEST = "0.33.0"
DENSE = "meta-llama/Llama-3.1-8B-Instruct"
MOE = "mistralai/Mixtral-8x7B-Instruct-v0.1"
MLA = "deepseek-ai/DeepSeek-V2-Lite"
QUANTIZED = "Qwen/Qwen3-32B-AWQ"

_MODELS = {model.id: model for model in MODELS}
_GPUS = {gpu.name: gpu for gpu in GPUS}


def facts(model: str = DENSE, version: str = NEWEST, gpu: str = "h100_sxm", engine: str = "vllm") -> Facts:
    found = _GPUS[gpu]
    return Facts(_MODELS[model], found, found.gpus_per_node, engine, version)


def config(name: str = DENSE, /, **groups: dict[str, Any]) -> Config:
    return Config.model_validate({"model": {"id": name}} | groups)
