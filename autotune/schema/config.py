"""The grouped config (v2): one value of it is one point of a sweep."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic import Field

from autotune.schema.deploy import Deploy
from autotune.schema.engine import Attention, Memory, Misc, Quantization, Scheduling
from autotune.schema.experiment import AutoExecutor, Benchmark, Executor, Optimization, Slo
from autotune.schema.group import Group
from autotune.schema.placement import Disagg, Model, Parallel, Runtime, System

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The groups that decide what the server is; two points alike in these share one server.
SERVING_GROUPS = (
    "model",
    "runtime",
    "system",
    "disagg",
    "parallel",
    "quantization",
    "memory",
    "scheduling",
    "attention",
    "misc",
    "deploy",
)


class Config(Group):
    """How one model is served, measured and judged."""

    model: Model = Field(description="Which model is served.")
    runtime: Runtime = Field(default_factory=Runtime, description="The workload point.")
    system: System = Field(default_factory=System, description="Hardware and engine.")
    disagg: Disagg = Field(default_factory=Disagg, description="The two roles of disaggregated serving.")
    parallel: Parallel = Field(default_factory=Parallel, description="How the model is spread over GPUs.")
    quantization: Quantization = Field(default_factory=Quantization, description="Number formats.")
    memory: Memory = Field(default_factory=Memory, description="GPU and host memory.")
    scheduling: Scheduling = Field(default_factory=Scheduling, description="Which requests run together.")
    attention: Attention = Field(default_factory=Attention, description="Kernels.")
    misc: Misc = Field(default_factory=Misc, description="Everything else, with the escape hatch.")
    deploy: Deploy = Field(default_factory=Deploy, description="How manifests place the server.")
    benchmark: Benchmark = Field(default_factory=Benchmark, description="The load.")
    optimization: Optimization = Field(default_factory=Optimization, description="What is searched for.")
    slo: Slo = Field(default_factory=Slo, description="Latency targets.")
    executor: Executor = Field(default_factory=lambda: AutoExecutor(name="auto"), description="Where experiments run.")

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Plain nested data, every group and every field present, None where the engine chooses."""
        return self.model_dump(mode="json")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def stable_hash(data: Any, length: int = 10) -> str:
    """Hex digest of plain data, the same on every machine and in every process."""
    return hash_text(canonical(data), length)


def canonical(data: Any) -> str:
    """Plain data as the one JSON text that all equal data have."""
    return _CANONICAL(data)


def canonical_list(texts: Iterable[str]) -> str:
    """The canonical text of a list of texts, of which most are met again and again."""
    return "[" + ",".join(map(_canonical_text, texts)) + "]"


_canonical_text = functools.lru_cache(maxsize=4096)(json.encoder.encode_basestring_ascii)


def join_canonical(texts: Mapping[str, str]) -> str:
    """The canonical text of a map whose values are canonical texts already; its keys need no escape."""
    return join_entries([canonical_entry(key, texts[key]) for key in sorted(texts)])


def canonical_entry(key: str, text: str) -> str:
    """One entry of a map as canonical text."""
    return f'"{key}":{text}'


def join_entries(entries: Iterable[str]) -> str:
    """A map as canonical text, given its entries in the order of their keys."""
    return "{" + ",".join(entries) + "}"


def hash_text(text: str, length: int = 10) -> str:
    """Hex digest of an ASCII text."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
