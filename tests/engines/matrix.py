"""Every built-in profile on every engine, version, GPU and model of a matrix, through the pure compiler.

The base config is composed once and only data changes after it: Hydra is not what is tested here.
"""

import functools
import itertools
from dataclasses import replace
from typing import NamedTuple

from autotune.compiler import compile_point
from autotune.compose.points import compose_points
from autotune.engines.known import known_versions
from autotune.layers import copy_tree, select_layers
from autotune.resources import folder
from autotune.workspace.load import load_workspace

PROFILES = sorted(file.stem for file in folder("profiles").glob("*.yaml"))
GPUS = ("h100_sxm", "a100_sxm", "mi300x", "h200_sxm", "l40s", "b200_sxm")
MODELS = (
    "meta-llama/Llama-3.1-8B-Instruct",  # dense
    "deepseek-ai/DeepSeek-V3",  # latent attention, experts, block FP8, a layer to draft with
    "openai/gpt-oss-20b",  # experts in MXFP4, sliding windows
    "Qwen/Qwen3-Next-80B-A3B-Instruct",  # linear attention beside full, experts
    "Qwen/Qwen3-30B-A3B",  # experts
    "google/gemma-3-27b-it",  # sliding windows
    "Qwen/Qwen3-32B-AWQ",  # 4 bit integers
    "nvidia/Llama-3.1-8B-Instruct-FP8",  # FP8 with static scales, FP8 KV cache
)
#: GPUs of a server. transformers serves a model on one.
TP = {"vllm": 4, "sglang": 4, "trtllm": 4, "transformers": 1}


class Cell(NamedTuple):
    profile: str
    engine: str
    version: str
    gpu: str
    model: str


def cells(engine, versions=None, gpus=GPUS, models=MODELS):
    """Every combination with every profile; all versions where none are named."""
    for chosen in itertools.product(PROFILES, [engine], versions or known_versions(engine), gpus, models):
        yield Cell(*chosen)


def everyday_cells(engine):
    """The oldest, a middle and the newest version, on half of the GPUs and models."""
    versions = known_versions(engine)
    few = dict.fromkeys((versions[0], versions[len(versions) // 2], versions[-1]))
    return cells(engine, tuple(few), GPUS[:3], MODELS[:4])


def compile_cell(cell, **memory):
    """One point compiled as `autotune compile` would, on nodes of 8 GPUs; `memory` are settings of that group."""
    workspace, point = _composed()
    data = copy_tree(point.data)
    data["model"]["id"] = cell.model
    data["parallel"]["tp"] = TP[cell.engine]
    data["memory"] |= memory
    data["system"] |= {
        "gpu": cell.gpu, "gpus_per_node": 8, "backend": cell.engine, "backend_version": cell.version,
    }  # fmt: skip
    return compile_point(replace(point, data=data, profiles=(cell.profile,)), _layers(cell.profile), workspace.world)


@functools.cache
def _composed():
    workspace = load_workspace()
    (point,) = compose_points([], workspace.composer)
    return workspace, point


@functools.cache
def _layers(profile):
    return select_layers((profile,), _composed()[0].shelf)
