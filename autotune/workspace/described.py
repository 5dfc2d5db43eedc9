"""Models and GPUs of the catalog as plain data, with where their entries stand."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from autotune.catalog import measurements, settings_for, statuses
from autotune.catalog.measured import SOURCE
from autotune.engines import ENGINES

if TYPE_CHECKING:
    from autotune.catalog.facts import Gpu, ModelFacts
    from autotune.workspace.catalog_files import UserCatalog


def describe_model(known: UserCatalog, model: ModelFacts) -> dict[str, Any]:
    """One model as plain data: its facts, its status, what was measured, what it needs said, where the entry stands."""
    entry = known.entry("models", model.id)
    return asdict(model) | {
        "builtin": entry is None,
        "file": None if entry is None else entry.file,
        "shadows": entry is not None and entry.shadows,
        "status": statuses(model),
        "measured": [
            asdict(row) | {"output_tokens_per_s_per_gpu": round(row.output_tokens_per_s_per_gpu, 1), "source": SOURCE}
            for row in measurements(model.id)
        ],
        "kwargs": {
            engine: {item.path: item.value for item in found}
            for engine in ENGINES
            if (found := settings_for(model.id, engine))
        },
    }


def describe_gpu(known: UserCatalog, gpu: Gpu) -> dict[str, Any]:
    """One GPU as plain data: its facts, and where the entry stands."""
    entry = known.entry("gpus", gpu.name)
    return asdict(gpu) | {
        "builtin": entry is None,
        "file": None if entry is None else entry.file,
        "shadows": entry is not None and entry.shadows,
    }
