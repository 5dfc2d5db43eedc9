"""The Pareto plot as geometry: what stands where on an SVG canvas, in its units. Drawing is the template's part."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from autotune.report.lettering import Lettering
from autotune.report.scale import Scale, fitting_scale
from autotune.score import frontier

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 760.0, 430.0
LEFT, RIGHT, TOP, BOTTOM = 74.0, 20.0, 20.0, 54.0

#: Marker outlines around the origin, by shape. Beside seven colours, so that neither alone tells series apart.
SHAPES = (
    "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0Z",  # circle
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
    """One value to plot. `series` chooses colour and shape; samples of one `line` are joined, in the order given.

    Samples that are not `ranked` are of another kind than the others: drawn hollow, and on no frontier. `predicted` is
    where a predictor had the sample. `top` marks samples on the frontier of all objectives. `label` is short, `tooltip`
    says everything.
    """

    series: int
    x: float
    y: float
    label: str = ""
    tooltip: str = ""
    ranked: bool = True
    line: int | None = None
    predicted: tuple[float, float] | None = None
    top: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """One marker, with its label's anchor."""

    x: float
    y: float
    series: int
    tooltip: str
    top: bool
    ranked: bool
    label: str = ""
    label_x: float = 0.0
    label_y: float = 0.0
    anchor: str = "start"

    @property
    def colour(self) -> int:
        return self.series % COLOURS

    @property
    def shape(self) -> int:
        return self.series % len(SHAPES)


@dataclass(frozen=True, slots=True)
class Ghost:
    """Where a prediction lies, and the path from it to its measurement."""

    x: float
    y: float
    colour: int
    shape: int
    link: str


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick: where on its axis, and the number beside it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit across the plot, and its name."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What is better and what the limits are. `x_rules` and `y_rules` are (value, name)."""

    x_maximise: bool = True
    y_maximise: bool = True
    x_rules: tuple[tuple[float, str], ...] = ()
    y_rules: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything that is drawn; paths are SVG path data."""

    marks: tuple[Mark, ...]
    ghosts: tuple[Ghost, ...]
    series_lines: tuple[tuple[int, str], ...]
    frontier_line: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_rules: tuple[Rule, ...]
    y_rules: tuple[Rule, ...]
    x_log: bool
    y_log: bool
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class _Canvas:
    x: Scale
    y: Scale
    frame: Frame = field(default_factory=Frame)

    def place(self, x: float, y: float) -> tuple[float, float]:
        return self.across(x), self.up(y)

    def across(self, x: float) -> float:
        return LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT)

    def up(self, y: float) -> float:
        return HEIGHT - BOTTOM - self.y.share(y) * (HEIGHT - TOP - BOTTOM)


def draw_plot(samples: Sequence[Sample], frame: Frame | None = None) -> Plot | None:
    """Lay out the samples with finite, not negative values. None when there is nothing to plot.

    An axis starts at 0, or is logarithmic where its values are latencies far apart. The ranked samples that no other beats
    on the two axes are joined by steps: what lies behind the steps is beaten.
    """
    frame = frame or Frame()
    known = [item for item in samples if _drawable(item.x, item.y)]
    if not known:
        return None
    ghosts = [item for item in known if item.predicted is not None and _drawable(*item.predicted)]
    everywhere = [(item.x, item.y) for item in known] + [item.predicted for item in ghosts if item.predicted]
    canvas = _Canvas(
        fitting_scale([x for x, _ in everywhere], maximise=frame.x_maximise),
        fitting_scale([y for _, y in everywhere], maximise=frame.y_maximise),
        frame,
    )
    return Plot(
        marks=tuple(_letter(known, canvas)),
        ghosts=tuple(_ghost(item, canvas) for item in ghosts),
        series_lines=tuple(_lines(known, canvas)),
        frontier_line=_steps(known, canvas),
        x_ticks=tuple(Tick(canvas.across(value), canvas.x.text(value)) for value in canvas.x.ticks),
        y_ticks=tuple(Tick(canvas.up(value), canvas.y.text(value)) for value in canvas.y.ticks),
        x_rules=tuple(Rule(canvas.across(at), text) for at, text in frame.x_rules if _within(canvas.x, at)),
        y_rules=tuple(Rule(canvas.up(at), text) for at, text in frame.y_rules if _within(canvas.y, at)),
        x_log=canvas.x.logarithmic,
        y_log=canvas.y.logarithmic,
    )


def _drawable(x: float, y: float) -> bool:
    return math.isfinite(x) and math.isfinite(y) and x >= 0 and y >= 0


def _within(scale: Scale, value: float) -> bool:
    return scale.low < value < scale.high


def _ghost(item: Sample, canvas: _Canvas) -> Ghost:
    x, y = canvas.place(*(item.predicted or (0.0, 0.0)))
    link = _path([(x, y), canvas.place(item.x, item.y)])
    return Ghost(x, y, item.series % COLOURS, item.series % len(SHAPES), link)


def _lines(samples: Sequence[Sample], canvas: _Canvas) -> list[tuple[int, str]]:
    lines: dict[int, list[Sample]] = {}
    for item in samples:
        if item.line is not None:
            lines.setdefault(item.line, []).append(item)
    return [
        (items[0].series % COLOURS, _path([canvas.place(item.x, item.y) for item in items]))
        for items in lines.values()
        if len(items) > 1
    ]


def _steps(samples: Sequence[Sample], canvas: _Canvas) -> str:
    """The edge of what is beaten, from one sample of the frontier to the next; empty for fewer than two."""
    frame = canvas.frame
    ranked = [item for item in samples if item.ranked]
    rows = [(-item.x if frame.x_maximise else item.x, -item.y if frame.y_maximise else item.y) for item in ranked]
    best = sorted({(ranked[index].x, ranked[index].y) for index in frontier(rows)})
    if len(best) < 2:
        return ""
    path = [best[0]]
    for (x, y), (next_x, next_y) in itertools.pairwise(best):
        path += [(x, next_y) if frame.x_maximise else (next_x, y), (next_x, next_y)]
    return _path([canvas.place(*at) for at in path])


def _letter(samples: Sequence[Sample], canvas: _Canvas) -> list[Mark]:
    """Each sample as a mark; the frontier chooses the place of its label first, and some go without. It is drawn last."""
    places = [canvas.place(item.x, item.y) for item in samples]
    lettering = Lettering.over((LEFT, 0.0, WIDTH - 2, HEIGHT - BOTTOM), places)
    marks: dict[int, Mark] = {}
    for index in sorted(range(len(samples)), key=lambda place: (not samples[place].top, place)):
        item, (x, y) = samples[index], places[index]
        mark = Mark(x, y, item.series, item.tooltip, item.top, item.ranked)
        spot = lettering.place(item.label, x, y) if item.label else None
        if spot is not None:
            mark = Mark(x, y, item.series, item.tooltip, item.top, item.ranked, item.label, *spot)
        marks[index] = mark
    return [marks[index] for index in sorted(marks, key=lambda place: (samples[place].top, place))]


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
