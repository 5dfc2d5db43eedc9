"""The JSON Schemas that editors use for task files and profiles."""

from __future__ import annotations

from typing import Any

from autotune.schema.config import Config
from autotune.schema.paths import field_paths

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def task_schema() -> dict[str, Any]:
    """A task file: any group as a map or as the name of an option, and `profile`, `overrides`, `sweep`."""
    schema = Config.model_json_schema()
    groups = {
        name: {
            "description": value.get("description", ""),
            "anyOf": [value, {"type": "string", "description": "name of an option in conf/"}],
        }
        for name, value in schema["properties"].items()
    }
    names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    return {
        "$schema": _DIALECT,
        "title": "autotune task (v2)",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "description": "Name of the task."},
            "description": {"type": "string", "description": "What it is for."},
            "version": {"const": 2, "description": "Format of this file."},
            "profile": {**names, "description": "Profiles to apply, in order."},
            "overrides": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Overrides as typed on the command line.",
            },
            "sweep": {
                "type": "object",
                "description": "Dotted paths (several joined by commas are tied) to the values to try.",
                "additionalProperties": {
                    "anyOf": [
                        {"type": "array", "minItems": 1},
                        {"type": "string", "description": "Hydra's sweep grammar: range(1,9), choice(a,b)"},
                        {
                            "type": "object",
                            "properties": {name: {"type": "number"} for name in ("from", "to", "step", "factor")},
                            "required": ["from", "to"],
                            "additionalProperties": False,
                        },
                    ]
                },
            },
            "predicted": {
                "type": "object",
                "description": "What another predictor said about the points, for `autotune verify`: docs/verifying.md.",
                "properties": {
                    "by": {"type": "string"},
                    "version": {"type": "string"},
                    "for": {"type": "object"},
                    "loads": {"type": "array", "items": {"type": "object"}},
                },
                "required": ["by", "loads"],
                "additionalProperties": False,
            },
            **groups,
        },
        "$defs": _optional(schema["$defs"]),
    }


def profile_schema() -> dict[str, Any]:
    """A profile file."""
    names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    layer = {
        "type": "object",
        "additionalProperties": False,
        "required": ["set"],
        "properties": {
            "description": {"type": "string", "description": "Why."},
            "when": {
                "type": "string",
                "description": "CEL over model, gpu, engine and the config groups; absent: always.",
            },
            "set": {
                "type": "object",
                "minProperties": 1,
                "properties": {path: {"description": text} for path, text in field_paths().items() if "." in path},
            },
        },
    }
    return {
        "$schema": _DIALECT,
        "title": "autotune profile",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "description": "One sentence."},
            "extends": {**names, "description": "Profiles whose layers come first."},
            "conflicts": {**names, "description": "Profiles that cannot be chosen together with this one."},
            "layers": {
                "type": "object",
                "additionalProperties": layer,
                "description": "Layers by name, applied in order.",
            },
        },
    }


def _optional(definitions: dict[str, Any]) -> dict[str, Any]:
    """In a task file a group may leave out what the base sets, so nothing is required in it."""
    return {
        name: {key: value for key, value in body.items() if key != "required"} for name, body in definitions.items()
    }
