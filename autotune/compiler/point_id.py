"""The id of a point: a hash of its config less where it runs and how it is searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.schema.config import canonical, hash_text, join_canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_OF_IT = ("executor", "optimization")
_NOT_MEASURED_BY = ("bin_dir", "image", "results_uri", "timeout_s")


def identify(data: Mapping[str, Any]) -> str:
    """The id of a point with this data."""
    benchmark = data.get("benchmark")
    measured = canonical(measured_by(benchmark)) if isinstance(benchmark, dict) else None
    return point_id({group: canonical(value) for group, value in data.items()}, measured)


def measured_by(benchmark: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the benchmark group that makes a point what it is."""
    return {key: value for key, value in benchmark.items() if key not in _NOT_MEASURED_BY}


def is_of_it(group: str) -> bool:
    """Whether a group makes a point what it is."""
    return group not in _NOT_OF_IT


def point_id(texts: Mapping[str, str], benchmark: str | None) -> str:
    """The id, given the canonical text of each group; `benchmark` is that of `measured_by`, None where there is no such map."""
    matters = {group: text for group, text in texts.items() if is_of_it(group)}
    if benchmark is not None:
        matters["benchmark"] = benchmark
    return hash_text(join_canonical(matters))
