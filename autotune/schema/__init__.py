"""The grouped config (v2): one schema, in pydantic."""

from autotune.schema.config import SERVING_GROUPS, Config, stable_hash
from autotune.schema.deploy import Autoscale, Deploy
from autotune.schema.engine import Attention, Memory, Misc, Quantization, Scheduling, Speculative
from autotune.schema.experiment import (
    AutoExecutor,
    Benchmark,
    DockerExecutor,
    EmulatedExecutor,
    KubernetesExecutor,
    LocalExecutor,
    Optimization,
    RayExecutor,
    Slo,
    Target,
    Targets,
)
from autotune.schema.paths import field_paths, is_known, open_paths
from autotune.schema.placement import Disagg, Model, Parallel, Role, Runtime, System

__all__ = [
    "SERVING_GROUPS",
    "Attention",
    "AutoExecutor",
    "Autoscale",
    "Benchmark",
    "Config",
    "Deploy",
    "Disagg",
    "DockerExecutor",
    "EmulatedExecutor",
    "KubernetesExecutor",
    "LocalExecutor",
    "Memory",
    "Misc",
    "Model",
    "Optimization",
    "Parallel",
    "Quantization",
    "RayExecutor",
    "Role",
    "Runtime",
    "Scheduling",
    "Slo",
    "Speculative",
    "System",
    "Target",
    "Targets",
    "field_paths",
    "is_known",
    "open_paths",
    "stable_hash",
]
