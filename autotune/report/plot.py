"""The Pareto plot as geometry: what stands where on an SVG canvas, in its units. Drawing is the template's part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autotune.score import frontier

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 860.0, 460.0
LEFT, RIGHT, TOP, BOTTOM = 74.0, 24.0, 24.0, 54.0
MARKER = 6.0
_LABEL_HEIGHT, _LETTER = 13.0, 6.3

#: Marker outlines around the origin, by shape. Beside seven colours, so that neither alone tells series apart.
SHAPES = (
    "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z",  # circle
    "M-5.4-5.4h10.8v10.8h-10.8Z",  # square
    "M0-7L6.6 5H-6.6Z",  # triangle
    "M0-7.4L7.4 0L0 7.4L-7.4 0Z",  # diamond
    "M0 7L6.6-5H-6.6Z",  # triangle, point down
    "M-2.4-6.6h4.8v4.2h4.2v4.8h-4.2v4.2h-4.8v-4.2h-4.2v-4.8h4.2Z",  # plus
    "M0-7.4L6.9-2.3L4.3 5.9H-4.3L-6.9-2.3Z",  # pentagon
    "M-3.4-6H3.4L6.9 0L3.4 6H-3.4L-6.9 0Z",  # hexagon
)
COLOURS = 7


class Sample(NamedTuple):
    """One value to plot. `series` counts the points of the sweep; `label` is short, `tooltip` says everything.

    Samples that are not `ranked` are drawn hollow and kept off the frontier: values of another kind than the others.
    """

    series: int
    x: float
    y: float
    label: str
    tooltip: str
    ranked: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """One marker, with its label's anchor."""

    x: float
    y: float
    colour: int
    shape: str
    tooltip: str
    label: str
    label_x: float
    label_y: float
    anchor: str
    on_frontier: bool
    ranked: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick: where on its axis, and the number beside it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything that is drawn; paths are SVG path data."""

    marks: tuple[Mark, ...]
    series_lines: tuple[tuple[int, str], ...]
    frontier_line: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


def draw_plot(samples: Sequence[Sample]) -> Plot | None:
    """Lay out finite samples, more being better on both axes; both start at 0. None when there is nothing to plot.

    The loads of one series are joined in the order given; the samples that no other beats on the two axes are joined too.
    """
    known = [item for item in samples if math.isfinite(item.x) and math.isfinite(item.y)]
    if not known:
        return None
    x_ticks, x_top = _ticks(max(item.x for item in known))
    y_ticks, y_top = _ticks(max(item.y for item in known))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + x / x_top * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - y / y_top * (HEIGHT - TOP - BOTTOM),
        )

    ranked = [index for index, item in enumerate(known) if item.ranked]
    best = {ranked[index] for index in frontier([(-known[index].x, -known[index].y) for index in ranked])}
    places = [place(item.x, item.y) for item in known]
    marks = _label(known, places, best)
    lines: list[tuple[int, str]] = []
    for series in sorted({item.series for item in known}):
        path = [where for item, where in zip(known, places, strict=True) if item.series == series]
        if len(path) > 1:
            lines.append((series % COLOURS, _path(path)))
    return Plot(
        marks=tuple(marks),
        series_lines=tuple(lines),
        frontier_line=_path(sorted(places[index] for index in best)) if len(best) > 1 else "",
        x_ticks=tuple(Tick(place(value, 0)[0], text) for value, text in x_ticks),
        y_ticks=tuple(Tick(place(0, value)[1], text) for value, text in y_ticks),
    )


def shape_of(series: int) -> str:
    """The marker of a series; colours and shapes have no common period, so 56 series differ."""
    return SHAPES[series % len(SHAPES)]


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _ticks(largest: float) -> tuple[list[tuple[float, str]], float]:
    """Round tick values from 0 to just past the largest, about five of them, and the end of the axis."""
    if largest <= 0:
        return [(0.0, "0"), (1.0, "1")], 1.0
    rough = largest / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    count = math.ceil(largest * 1.04 / step)
    digits = next(digits for digits in range(12) if math.isclose(step, round(step, digits), rel_tol=1e-9))
    return [(index * step, f"{index * step:,.{digits}f}") for index in range(count + 1)], count * step


def _label(samples: Sequence[Sample], places: Sequence[tuple[float, float]], best: set[int]) -> list[Mark]:
    """Give each mark a label where it covers no other mark or label; the frontier chooses first, and some go without."""
    taken = [(x - MARKER, y - MARKER, x + MARKER, y + MARKER) for x, y in places]
    marks: dict[int, Mark] = {}
    for index in sorted(range(len(samples)), key=lambda item: (item not in best, item)):
        item, (x, y) = samples[index], places[index]
        width = len(item.label) * _LETTER
        found = ("", x, y, "start")
        for dx, dy, anchor in (
            (10, 4, "start"),
            (-10, 4, "end"),
            (0, -11, "middle"),
            (0, 20, "middle"),
            (9, -8, "start"),
            (-9, -8, "end"),
            (9, 16, "start"),
            (-9, 16, "end"),
        ):
            start = x + dx - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
            box = (start, y + dy - _LABEL_HEIGHT + 3, start + width, y + dy + 3)
            inside = box[0] >= LEFT and box[2] <= WIDTH - 2 and box[1] >= 0 and box[3] <= HEIGHT - BOTTOM
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                found = (item.label, x + dx, y + dy, anchor)
                break
        label, label_x, label_y, anchor = found
        marks[index] = Mark(
            x,
            y,
            item.series % COLOURS,
            shape_of(item.series),
            item.tooltip,
            label,
            label_x,
            label_y,
            anchor,
            index in best,
            item.ranked,
        )
    # The frontier is drawn last, on top.
    return [marks[index] for index in sorted(marks, key=lambda item: (item in best, item))]


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
