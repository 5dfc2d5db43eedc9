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


def measure_fit(data: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The memory of the config as it stands, by the catalog's arithmetic.

    A config with mistakes in it counts as fitting: its mistakes are reported, and a guess would only add to them.
    """
    try:
        config = Config.model_validate(data)
    except ValidationError:
        return {"fits": True, "needed_gb": 0.0, "usable_gb": 0.0, "weights_gb": 0.0}
    return fit_of(config, facts)


def fit_of(config: Config, facts: Facts) -> dict[str, Any]:
    """`measure_fit` of a config that is whole."""
    plan = plan_server_memory(config, facts)
    requests = round((required_tokens(config, facts) or 0) * plan.kv_bytes_per_token)
    beside_kv = plan.usable_bytes - plan.kv_bytes
    needed = beside_kv + max(plan.context_kv_bytes, requests)
    return {
        "fits": plan.fits and needed <= plan.usable_bytes,
        "needed_gb": needed / 1e9,
        "usable_gb": plan.usable_bytes / 1e9,
        "weights_gb": plan.weights_bytes / 1e9,
    }
