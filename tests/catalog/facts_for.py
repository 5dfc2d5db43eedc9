"""Facts and configs for tests of the catalog and the checks."""

from autotune.catalog import builtin_catalog, find_gpu, get_model
from autotune.engines.engine import Facts
from autotune.schema import Config


def facts_for(model="Llama-3.1-8B-Instruct", gpu="h100_sxm", engine="vllm", gpus_per_node=None):
    found = find_gpu(builtin_catalog(), gpu)
    known = get_model(model) if isinstance(model, str) else model
    return Facts(known, found, gpus_per_node or found.gpus_per_node, engine, "1.0")


def config_for(**groups):
    return Config.model_validate({"model": {"id": "any"}, **groups})
