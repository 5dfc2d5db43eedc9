"""The Pareto plot as geometry: what stands where on an SVG canvas, in its units. Drawing is the template's part."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from autotune.report.lettering import Lettering
from autotune.report.marks import COLOURS, SHAPES, Ghost, Mark, Rule, Sample, Tick
from autotune.report.scale import Scale, fitting_scale
from autotune.score import frontier

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 760.0, 430.0
LEFT, RIGHT, TOP, BOTTOM = 74.0, 20.0, 20.0, 54.0

#: How far the ring around a pick reaches beyond its mark.
_RING = 6.0
#: Predictions this many times further out than all samples do not stretch an axis.
_FAR = 1.5


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

    An axis starts at 0, or is logarithmic where its values are latencies far apart. Predictions that lie further out than
    the samples by more than half as much again do not stretch it. The ranked samples that no other beats
    on the two axes are joined by steps: what lies behind the steps is beaten.
    """
    frame = frame or Frame()
    known = [item for item in samples if _drawable(item.x, item.y)]
    if not known:
        return None
    ghosts = [item for item in known if item.predicted is not None and _drawable(*item.predicted)]
    canvas = _Canvas(
        _scale([item.x for item in known], [item.predicted[0] for item in ghosts if item.predicted], frame.x_maximise),
        _scale([item.y for item in known], [item.predicted[1] for item in ghosts if item.predicted], frame.y_maximise),
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


def _scale(values: Sequence[float], predicted: Sequence[float], maximise: bool) -> Scale:
    near = [item for item in predicted if min(values) / _FAR <= item <= max(values) * _FAR]
    return fitting_scale([*values, *near], maximise=maximise)


def _within(scale: Scale, value: float) -> bool:
    return scale.low < value < scale.high


def _ghost(item: Sample, canvas: _Canvas) -> Ghost:
    start = canvas.place(item.x, item.y)
    end = canvas.place(*(item.predicted or (item.x, item.y)))
    share = min(_reach(start[0], end[0], LEFT, WIDTH - RIGHT), _reach(start[1], end[1], TOP, HEIGHT - BOTTOM))
    x, y = (begin + share * (last - begin) for begin, last in zip(start, end, strict=True))
    link = _path([(x, y), start])
    return Ghost(x, y, share == 1.0, item.series % COLOURS, item.series % len(SHAPES), link)


def _reach(start: float, end: float, low: float, high: float) -> float:
    """How much of the way from `start`, which lies inside, to `end` lies inside."""
    edge = low if end < low else high
    return 1.0 if low <= end <= high else (edge - start) / (end - start)


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
    """Each sample as a mark. Picks choose the place of their label first, then the frontier; some go without one. The
    frontier is drawn last.
    """
    places = [canvas.place(item.x, item.y) for item in samples]
    lettering = Lettering.over((LEFT, 0.0, WIDTH - 2, HEIGHT - BOTTOM), places)
    marks: dict[int, Mark] = {}
    for index in sorted(range(len(samples)), key=lambda at: (not samples[at].pick, not samples[at].top, at)):
        item, (x, y) = samples[index], places[index]
        mark = Mark(x, y, item.series, item.tooltip, item.top, item.ranked, item.pick)
        marks[index] = _with_label(mark, item, lettering)
    return [marks[index] for index in sorted(marks, key=lambda place: (samples[place].top, place))]


def _with_label(mark: Mark, item: Sample, lettering: Lettering) -> Mark:
    """The mark with the longest label that finds a place; a pick is always named, be it over something else."""
    full = " ".join(filter(None, (item.label, item.pick)))
    further = _RING if item.pick else 0.0
    for text in dict.fromkeys(filter(None, (full, item.pick))):
        if (spot := lettering.place(text, mark.x, mark.y, further=further)) is not None:
            return replace(mark, label=text, label_x=spot.x, label_y=spot.y, anchor=spot.anchor)
    if item.pick:
        return replace(mark, label=item.pick, label_x=mark.x, label_y=mark.y - 10 - further, anchor="middle")
    return mark


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
