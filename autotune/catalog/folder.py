"""A model's facts from a local folder. The only place of the catalog that reads files; not part of the core."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autotune.catalog.config_json import facts_from_config
from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from pathlib import Path

    from autotune.catalog.facts import ModelFacts


def model_from_folder(path: Path) -> ModelFacts:
    """Facts of the model in a folder: its config.json, ModelOpt's hf_quant_config.json, and the size of its safetensors files.

    The folder's path becomes the id. Raises InputError AT010 when there is no config.json or it cannot be read.
    """
    config = _read_object(path, "config.json")
    quantization = path / "hf_quant_config.json"
    if quantization.is_file() and "quantization_config" not in config:
        found = _read_object(path, quantization.name).get("quantization")
        if isinstance(found, dict):
            config["quantization_config"] = {"quant_method": "modelopt", **found}
    return facts_from_config(str(path), config, _weights_bytes(path))


def _weights_bytes(path: Path) -> int | None:
    """Size of the weights: what the index says, else of the files; None where there are none (load_format=dummy)."""
    index = path / "model.safetensors.index.json"
    if index.is_file():
        metadata = _read_object(path, index.name).get("metadata")
        total = metadata.get("total_size") if isinstance(metadata, dict) else None
        if isinstance(total, int | float) and total > 0:
            return int(total)
    # Mistral's repositories hold the weights twice, the second time as consolidated.safetensors.
    files = [file for file in path.glob("*.safetensors") if not file.name.startswith("consolidated")]
    return sum(file.stat().st_size for file in files) or None


def _read_object(path: Path, name: str) -> dict[str, Any]:
    try:
        data = json.loads((path / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _fault(
            f"no {name} in `{path}`", "name a Hub model that `autotune models` lists, or a folder that holds the model"
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _fault(f"{name} in `{path}` cannot be read: {error}", "mend or replace the file") from None
    if not isinstance(data, dict):
        raise _fault(f"{name} in `{path}` does not hold an object", "mend or replace the file")
    return data


def _fault(message: str, help_line: str) -> InputError:
    return InputError(diagnostic("AT010", message, path="model.id", help=help_line))
