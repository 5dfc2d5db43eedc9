"""v1 values, uneven as they are, read as what was meant. None stands for a value that is not of the kind."""

from __future__ import annotations

import math
from typing import Any


def read_choices(value: Any) -> list[Any]:
    """The values to try: a list, one value, or the older `{"type": "choice", "values": [...]}`; nothing for null."""
    if isinstance(value, dict) and set(value) == {"type", "values"} and value["type"] == "choice":
        value = value["values"]
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def read_number(value: Any) -> float | None:
    """A finite number, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def read_count(value: Any) -> int | None:
    """A whole number of at least 1."""
    number = read_number(value)
    return int(number) if number is not None and number >= 1 and number == int(number) else None


def read_switch(value: Any) -> bool | None:
    """True or False, also where they are written as text."""
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    return {"true": True, "false": False}.get(text)


def plain_number(number: float) -> int | float:
    """A whole number without a fraction."""
    return int(number) if number == int(number) else number
