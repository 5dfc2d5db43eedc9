"""Predicted against measured as geometry: both axes logarithmic and alike, with the line on which both agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autotune.report.number import show_number
from autotune.report.plot import COLOURS, Tick, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE = 420.0
LEFT, RIGHT, TOP, BOTTOM = 66.0, 30.0, 16.0, 48.0
#: The band around the line, as a factor either way.
BAND = 1.25


class Dot(NamedTuple):
    """One pair, both above zero. `series` counts the points."""

    series: int
    measured: float
    predicted: float
    tooltip: str


@dataclass(frozen=True, slots=True)
class Marked:
    """One marker."""

    x: float
    y: float
    colour: int
    shape: str
    tooltip: str


@dataclass(frozen=True, slots=True)
class Scatter:
    """Everything that is drawn; paths are SVG path data. `band` is what lies within BAND of the line."""

    marks: tuple[Marked, ...]
    ticks_x: tuple[Tick, ...]
    ticks_y: tuple[Tick, ...]
    identity: str
    band: str
    size: float = SIZE
    left: float = LEFT
    right: float = SIZE - RIGHT
    top: float = TOP
    bottom: float = SIZE - BOTTOM


def draw_scatter(dots: Sequence[Dot]) -> Scatter | None:
    """Lay out the pairs; None without any. Values that are not finite and above zero are left out."""
    known = [dot for dot in dots if all(math.isfinite(value) and value > 0 for value in (dot.measured, dot.predicted))]
    if not known:
        return None
    values = [value for dot in known for value in (dot.measured, dot.predicted)]
    low, high = math.log10(min(values)), math.log10(max(values))
    room = max(0.06 * (high - low), 0.05)
    low, high = low - room, high + room

    def place(value: float) -> float:
        return (math.log10(value) - low) / (high - low)

    def x(value: float) -> float:
        return LEFT + place(value) * (SIZE - LEFT - RIGHT)

    def y(value: float) -> float:
        return SIZE - BOTTOM - place(value) * (SIZE - TOP - BOTTOM)

    start, end = 10**low, 10**high
    ticks = _ticks(low, high)
    corners = [(start, start), (start, start * BAND), (end / BAND, end), (end, end), (end, end / BAND), (start * BAND, start)]  # fmt: skip
    return Scatter(
        marks=tuple(
            Marked(x(dot.measured), y(dot.predicted), dot.series % COLOURS, shape_of(dot.series), dot.tooltip)
            for dot in known
        ),
        ticks_x=tuple(Tick(x(value), show_number(value)) for value in ticks),
        ticks_y=tuple(Tick(y(value), show_number(value)) for value in ticks),
        identity=_path([(x(start), y(start)), (x(end), y(end))]),
        band=_path([(x(one), y(other)) for one, other in corners]) + "Z",
    )


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two logarithms to base 10: 1, 2 and 5 of each decade, fewer over many decades, more within one."""
    factors: tuple[float, ...] = (1, 2, 5)
    if high - low > 2.5:
        factors = (1,)
    elif high - low < 0.6:
        factors = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [factor * 10.0**decade for decade in decades for factor in factors]
    inside = [value for value in ticks if low <= math.log10(value) <= high]
    # Values that lie so close together that no round one is between them.
    return inside or [10 ** ((low + high) / 2)]
