"""Whether a config fits into memory, as conditions may ask it: `fit.fits`, `fit.needed_gb > fit.usable_gb`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from autotune.catalog.memory import plan_server_memory, required_tokens
from autotune.schema import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.engine import Facts

#: What conditions may read beside the catalog's facts, with what it means.
FURTHER_VARIABLES = {
    "engine": {"flags": 'command line flags that this version has: `"--performance-mode" in engine.flags`'},
    "fit": {
        "fits": "whether weights load, and the KV cache holds the longest request and all requests that run at once",
        "needed_gb": "memory of one GPU that this takes, in GB",
        "usable_gb": "memory of one GPU that the engine may use, in GB",
        "weights_gb": "weights on one GPU, in GB",
    },
}


#: What a config with mistakes in it counts as: its mistakes are reported, and a guess would only add to them.
_UNKNOWN = {"fits": True, "needed_gb": 0.0, "usable_gb": 0.0, "weights_gb": 0.0}


class Fit:
    """The memory of a config by the catalog's arithmetic: each variable of `fit` by its name."""

    __slots__ = ("_needed_bytes", "_plan")

    def __init__(self, config: Config, facts: Facts) -> None:
        plan = self._plan = plan_server_memory(config, facts)
        requests = round((required_tokens(config, facts) or 0) * plan.kv_bytes_per_token)
        longest = plan.context_kv_bytes
        self._needed_bytes = plan.usable_bytes - plan.kv_bytes + (max(longest, requests))

    @property
    def fits(self) -> bool:
        return self._needed_bytes <= self._plan.usable_bytes and self._plan.fits

    @property
    def needed_gb(self) -> float:
        return self._needed_bytes / 1e9

    @property
    def usable_gb(self) -> float:
        return self._plan.usable_bytes / 1e9

    @property
    def weights_gb(self) -> float:
        return self._plan.weights_bytes / 1e9

    def as_dict(self) -> dict[str, Any]:
        """As conditions read it."""
        return {name: getattr(self, name) for name in _UNKNOWN}


def measure_fit(data: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The memory of the config as it stands, by the catalog's arithmetic; _UNKNOWN where there are mistakes in it."""
    try:
        config = Config.model_validate(data)
    except ValidationError:
        return dict(_UNKNOWN)
    return Fit(config, facts).as_dict()
