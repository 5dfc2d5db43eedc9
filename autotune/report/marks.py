"""What a plot is made of: samples to place, and the marks, ghosts, ticks and rules that they become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

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


def shape_of(series: int) -> str:
    """The marker of a series; colours and shapes have no common period, so 56 series differ."""
    return SHAPES[series % len(SHAPES)]


class Sample(NamedTuple):
    """One value to plot. `series` chooses colour and shape; samples of one `line` are joined, in the order given.

    Samples that are not `ranked` are of another kind than the others: drawn pale, and on no frontier. `predicted` is
    where a predictor had the sample. `top` marks samples on the frontier of all objectives, `pick` names those that one would
    choose. `label` is short, `tooltip` says everything.
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
    pick: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One marker, with its label's anchor."""

    x: float
    y: float
    series: int
    tooltip: str
    top: bool
    ranked: bool
    pick: str = ""
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
    """Where a prediction lies, and the path from it to its measurement. `inside` says whether the plot reaches that far;
    where it does not, the path ends at the edge.
    """

    x: float
    y: float
    inside: bool
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
