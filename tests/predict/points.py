"""Configs and facts for tests of the predictor."""

from autotune.catalog import builtin_catalog, find_gpu, get_model
from autotune.engines.engine import Facts
from autotune.metrics import Load
from autotune.predict import Roofline
from autotune.schema import Config


def facts_for(model="Llama-3.1-8B-Instruct", gpu="h100_sxm", engine="vllm", gpus_per_node=8):
    return Facts(get_model(model), find_gpu(builtin_catalog(), gpu), gpus_per_node, engine, "1.0")


def config_for(**groups):
    return Config.model_validate({"model": {"id": "any"}, "misc": {"context_length": 16384}, **groups})


def predict(
    model="Llama-3.1-8B-Instruct",
    gpu="h100_sxm",
    engine="vllm",
    *,
    isl=1000,
    osl=200,
    c=1,
    rate=None,
    scenario=None,
    gpus_per_node=8,
    **groups,
):
    load = Load(scenario or f"D({isl},{osl})", None if rate else c, rate)
    return Roofline().predict(config_for(**groups), facts_for(model, gpu, engine, gpus_per_node), load).measurement


def tpot(*args, **settings):
    return predict(*args, **settings).tpot_ms["mean"]


def ttft(*args, **settings):
    return predict(*args, **settings).ttft_ms["mean"]
