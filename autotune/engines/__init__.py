"""Inference engines: a config lowered to the server it means. One engine is one module with one table."""

from autotune.engines.deployment import Deployment, PlannedLoad, Probe, SecretRef, Volume, merge_loads, with_endpoint
from autotune.engines.engine import Engine, Facts, Lowered
from autotune.engines.flag import Flag, Lowering
from autotune.engines.sglang import Sglang
from autotune.engines.table import FlagTable
from autotune.engines.transformers import Transformers
from autotune.engines.trtllm import TensorRtLlm
from autotune.engines.versions import find_engine, resolve_version
from autotune.engines.vllm import Vllm

#: Every engine by its name in `system.backend`.
ENGINES: dict[str, Engine] = {
    "vllm": Vllm(),
    "sglang": Sglang(),
    "transformers": Transformers(),
    "trtllm": TensorRtLlm(),
}

__all__ = [
    "ENGINES",
    "Deployment",
    "Engine",
    "Facts",
    "Flag",
    "FlagTable",
    "Lowered",
    "Lowering",
    "PlannedLoad",
    "Probe",
    "SecretRef",
    "Sglang",
    "TensorRtLlm",
    "Transformers",
    "Vllm",
    "Volume",
    "find_engine",
    "merge_loads",
    "resolve_version",
    "with_endpoint",
]
