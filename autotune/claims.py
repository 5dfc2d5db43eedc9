"""What a predictor outside of autotune said about the points of a task, as the task file keeps it.

    predicted:
      by: aiconfigurator
      version: perf data of vllm 0.24.0
      for: {model.id: Qwen/Qwen3-32B, system.gpu: h200_sxm}
      loads:
      - {at: {parallel.tp: 4}, scenario: "D(4000,500)", concurrency: 64, ttft_ms: {mean: 324.3}, tpot_ms: {mean: 27.8}}

`for` holds for all loads, `at` for one; a claim is about the points that have all of these values. The rest of a load is
`Measurement.as_dict()`. Compiling ignores the block; `autotune verify` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.layers import get_path, split_path
from autotune.metrics import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The key of a task file that holds the block.
KEY = "predicted"
_PARTS = {"by", "version", "for", "loads"}


@dataclass(frozen=True, slots=True)
class Claim:
    """One load of one point: `at` are the values by config path that make the point, `measurement` is predicted."""

    at: Mapping[str, Any]
    measurement: Measurement

    def is_about(self, config: Mapping[str, Any]) -> bool:
        """Whether a grouped config has all of the claim's values."""
        return all(_same(get_path(config, split_path(path)), value) for path, value in self.at.items())


@dataclass(frozen=True, slots=True)
class Claims:
    """All that one predictor said: its name, its version as far as known, and the claims."""

    by: str
    version: str
    claims: tuple[Claim, ...]

    def about(self, config: Mapping[str, Any]) -> list[Measurement]:
        """What was said about the loads of one point."""
        return [item.measurement for item in self.claims if item.is_about(config)]


def write_claims(claims: Claims, common: Iterable[str] = ()) -> dict[str, Any]:
    """The block as plain data; the paths in `common` have the same value in every claim and stand in `for`."""
    shared = [path for path in common if claims.claims and path in claims.claims[0].at]
    return {
        "by": claims.by,
        "version": claims.version,
        "for": {path: claims.claims[0].at[path] for path in shared},
        "loads": [
            {"at": {path: value for path, value in item.at.items() if path not in shared}}
            | {name: value for name, value in item.measurement.as_dict().items() if value not in (None, 0, 0.0)}
            for item in claims.claims
        ],
    }


def read_claims(task: Any) -> Claims | None:
    """The claims in the data of a task file; None where it has none. Raises ValueError with what is wrong with the block."""
    block = task.get(KEY) if isinstance(task, dict) else None
    if block is None:
        return None
    if not isinstance(block, dict) or not set(block) <= _PARTS or not isinstance(block.get("by"), str):
        raise ValueError("`predicted` is a map of `by` (text), `version`, `for` and `loads`")
    shared, loads = block.get("for", {}), block.get("loads", [])
    if not isinstance(shared, dict) or not isinstance(loads, list):
        raise ValueError("`predicted.for` is a map of config paths, and `predicted.loads` a list")  # noqa: TRY004
    claims = []
    for number, load in enumerate(loads, 1):
        try:
            row = dict(load)
            at = {**shared, **(row.pop("at", None) or {})}
            claims.append(Claim(at, Measurement.from_dict(row, "predicted")))
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise ValueError(f"load {number} of `predicted.loads` cannot be read: {error}") from None
    return Claims(block["by"], str(block.get("version") or ""), tuple(claims))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(one) == list(other)
    return bool(one == other)
