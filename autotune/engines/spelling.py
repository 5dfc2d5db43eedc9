"""How a value is written on a command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def spell_value(value: Any) -> str:
    """Text of one value: JSON for maps, at most ten significant digits for fractions."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    return str(value)


def spell_values(value: Any) -> list[str]:
    """Texts of what a flag is given: none for True (the bare flag), several for a list."""
    if value is True:
        return []
    if isinstance(value, tuple | list):
        return [spell_value(item) for item in value]
    return [spell_value(value)]


def spell_flag(flag: str, values: list[str]) -> list[str]:
    """The parts of a command line that give a flag its values.

    A value that begins with a dash would be read as a flag of its own, so it is tied to its flag with `=`.
    """
    if len(values) == 1 and values[0].startswith("-"):
        return [f"{flag}={values[0]}"]
    return [flag, *values]
