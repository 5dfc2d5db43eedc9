"""A discrete, conditional space as it is given: a list of points, each a flat dict."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autotune.search.roles import GROWING, SHRINKING, belongs_to_load, role_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from autotune.search.strategy import Point

_ABSENT = "\0absent"
_BITS = re.compile(
    r"(?:^|[^0-9a-z])(?:(?:nv|mx)?fp|int|bf|w|uint|float|e[45]m\d_)?(4|8|16|32)(?![0-9])|awq|gptq", re.IGNORECASE
)


@dataclass(frozen=True)
class Column:
    """One setting that differs between points.

    `values` are what the points say, `levels` a number for each (doublings where all are positive numbers, places in
    order where they are numbers otherwise; None for words and for points that lack the setting).
    """

    name: str
    values: tuple[Hashable, ...]
    levels: tuple[float | None, ...]

    @property
    def role(self) -> str | None:
        return role_of(self.name)

    @property
    def is_number(self) -> bool:
        return any(level is not None for level in self.levels)

    @cached_property
    def span(self) -> float:
        known = [level for level in self.levels if level is not None]
        return max(known) - min(known) if known else 0.0


class Space:
    """The points by index, and what about them is the same."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.size = len(points)
        names = list(dict.fromkeys(name for point in points for name in point))
        made = [_column(name, [point.get(name, _ABSENT) for point in points]) for name in names]
        self.columns = tuple(column for column in made if len(set(column.values)) > 1)
        #: Every setting that a server has, whether it differs or not, so that equal keys mean one server.
        server = [column for column in self.columns if not belongs_to_load(column.name)]
        self.servers: tuple[Hashable, ...] = tuple(
            tuple(column.values[i] for column in server) for i in range(self.size)
        )

    def distance(self, left: int, right: int) -> float:
        """How far two points are apart: 0 for equal ones, up to 1 for each setting (Gower, 1971)."""
        total = 0.0
        for column in self.columns:
            a, b = column.levels[left], column.levels[right]
            if a is not None and b is not None and column.span:
                total += abs(a - b) / column.span
            elif column.values[left] != column.values[right]:
                total += 1.0
        return total

    def neighbours(self, index: int) -> list[int]:
        """Points that differ from this one in one setting, by one step where it is a number."""
        return [other for other in range(self.size) if other != index and self._one_step(index, other)]

    def needs_as_much(self, index: int, other: int) -> bool:
        """Whether a point needs at least the memory of another: it is the same in what does not bear on memory, and has no
        less of what takes memory and no more of what shares it out.
        """
        for column in self.columns:
            mine, theirs = column.values[index], column.values[other]
            if mine == theirs:
                continue
            a, b = column.levels[index], column.levels[other]
            if a is None or b is None:
                return False
            if not ((column.role in GROWING and a >= b) or (column.role in SHRINKING and a <= b)):
                return False
        return True

    def _one_step(self, left: int, right: int) -> bool:
        changed = [column for column in self.columns if column.values[left] != column.values[right]]
        if len(changed) != 1:
            return False
        column = changed[0]
        a, b = column.levels[left], column.levels[right]
        if a is None or b is None:
            return True
        low, high = sorted((a, b))
        return not any(level is not None and low < level < high for level in column.levels)


def bits_of(value: Any) -> float | None:
    """The width of a number format by its name: fp8, nvfp4, bf16, awq (4 bits)."""
    found = _BITS.search(str(value))
    if found is None:
        return None
    return float(found[1] or 4)


def _column(name: str, raw: Sequence[Any]) -> Column:
    values = tuple(_key(value) for value in raw)
    present = [value for value in raw if value is not _ABSENT and value is not None]
    if not present or not all(_is_number(value) for value in present):
        return Column(name, values, (None,) * len(values))
    numbers = [float(value) if value is not _ABSENT and value is not None else None for value in raw]
    if all(number is None or number > 0 for number in numbers):
        return Column(name, values, tuple(None if number is None else math.log2(number) for number in numbers))
    ordered = sorted({number for number in numbers if number is not None})
    places = {number: float(place) for place, number in enumerate(ordered)}
    return Column(name, values, tuple(None if number is None else places[number] for number in numbers))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _key(value: Any) -> Hashable:
    """Something to compare values by that keeps 1, True and "1" apart, and takes lists."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return value if isinstance(value, str) else f"{type(value).__name__}:{value!r}"
