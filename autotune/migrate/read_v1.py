"""A v1 task from its text: JSON or YAML, with the keys that no task is without."""

from __future__ import annotations

import json
import math
from typing import Any

from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.layers import parse_yaml

REQUIRED = ("task_name", "model", "base_runtime", "parameters")


def read_v1(text: str, name: str) -> dict[str, Any]:
    """The v1 task that a text holds; `name` is what messages call it.

    Raises InputError: AT001 for broken text, AT025 where it is no v1 task or lacks a key that each must have.
    """
    data = _parse_json(text, name) if text.lstrip("\ufeff \t\r\n").startswith("{") else None
    if data is None:
        data = parse_yaml(text.removeprefix("\ufeff"), name).data
    if not isinstance(data, dict):
        raise _wrong("AT025", f"{name} is no v1 task: it must be a map of keys", name)
    if odd := _unreadable(data):
        raise _wrong("AT001", f"{name} holds {odd}, which is no value of a task", name)
    if not {"task_name", "base_runtime", "parameters"} & data.keys():
        raise _wrong("AT025", f"{name} is no v1 task: it has none of the keys of one", name)
    missing = [key for key in REQUIRED if data.get(key) is None]
    if missing:
        raise _wrong("AT025", f"{name} lacks {', '.join(missing)}, which each v1 task must have", name)
    if not isinstance(data["parameters"], dict):
        raise _wrong("AT025", f"`parameters` in {name} must be a map of engine flags", name)
    return data


def _parse_json(text: str, name: str) -> Any:
    """None for what is YAML in braces."""
    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=lambda pairs: _unique(pairs, name))
    except json.JSONDecodeError as error:
        if not name.endswith(".json"):
            return None
        message = f"{name} is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        raise InputError(
            diagnostic(
                "AT001", message, writer=Writer(Source.USER, name, error.lineno), help="mend the file at that place"
            )
        ) from None
    except RecursionError:
        raise _wrong("AT001", f"{name} is not valid JSON: nested too deeply", name) from None


def _unique(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise _wrong("AT001", f"{name} is not valid JSON: key `{key}` is given twice", name)
        data[key] = value
    return data


def _unreadable(value: Any) -> str | None:
    """What no JSON file could hold, as YAML and lenient JSON can: NaN, infinities, bytes."""
    if isinstance(value, dict):
        return next((odd for item in value.values() if (odd := _unreadable(item))), None)
    if isinstance(value, list):
        return next((odd for item in value if (odd := _unreadable(item))), None)
    plain = value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    return None if plain else repr(value)


def _wrong(code: str, message: str, name: str) -> InputError:
    return InputError(
        diagnostic(code, message, writer=Writer(Source.USER, name), help="docs/migrating.md lists what a v1 task holds")
    )
