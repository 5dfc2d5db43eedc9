"""Predicted against measured as geometry: both axes logarithmic and alike, with the line on which both agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autotune.report.marks import COLOURS, SHAPES, Tick
from autotune.report.number import show_number
from autotune.report.scale import log_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE = 420.0
LEFT, RIGHT, TOP, BOTTOM = 80.0, 30.0, 16.0, 48.0
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
    scale = log_scale(value for dot in known for value in (dot.measured, dot.predicted))
    start, end = scale.low, scale.high

    def x(value: float) -> float:
        return LEFT + scale.share(value) * (SIZE - LEFT - RIGHT)

    def y(value: float) -> float:
        return SIZE - BOTTOM - scale.share(value) * (SIZE - TOP - BOTTOM)

    # Values so close together that no round one lies between them have one tick, in their middle.
    ticks = {value: scale.text(value) for value in scale.ticks} or {
        math.sqrt(start * end): show_number(math.sqrt(start * end))
    }
    corners = [(start, start), (start, start * BAND), (end / BAND, end), (end, end), (end, end / BAND), (start * BAND, start)]  # fmt: skip
    return Scatter(
        marks=tuple(
            Marked(
                x(dot.measured), y(dot.predicted), dot.series % COLOURS, SHAPES[dot.series % len(SHAPES)], dot.tooltip
            )
            for dot in known
        ),
        ticks_x=tuple(Tick(x(value), text) for value, text in ticks.items()),
        ticks_y=tuple(Tick(y(value), text) for value, text in ticks.items()),
        identity=_path([(x(start), y(start)), (x(end), y(end))]),
        band=_path([(x(one), y(other)) for one, other in corners]) + "Z",
    )


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
