"""The grouped config (v2): one schema, in pydantic."""

from autotune.schema.config import SERVING_GROUPS, Config, stable_hash
from autotune.schema.experiment import (
    AutoExecutor,
    Benchmark,
    DockerExecutor,
    EmulatedExecutor,
    KubernetesExecutor,
    LocalExecutor,
    Optimization,
    Slo,
    Target,
    Targets,
)
from autotune.schema.paths import field_paths, is_known, open_paths
from autotune.schema.serving import (
    Attention,
    Deploy,
    Memory,
    Misc,
    Model,
    Parallel,
    Quantization,
    Runtime,
    Scheduling,
    Speculative,
    System,
)

__all__ = [
    "SERVING_GROUPS",
    "Attention",
    "AutoExecutor",
    "Benchmark",
    "Config",
    "Deploy",
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
