"""Labels beside marks, where they cover no other mark or label."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

MARKER = 6.0
"""Half the width of a mark."""
#: Of a wide face in bold, so that no usual one needs more.
_HEIGHT, _LETTER = 13.0, 7.4
_CELL = 40.0
#: Where a label may stand, from its mark: (dx, dy, anchor), the best first.
_PLACES = (
    (10, 4, "start"),
    (-10, 4, "end"),
    (0, -11, "middle"),
    (0, 20, "middle"),
    (9, -8, "start"),
    (-9, -8, "end"),
    (9, 16, "start"),
    (-9, 16, "end"),
)


class Spot(NamedTuple):
    """Where a label's text is anchored."""

    x: float
    y: float
    anchor: str


@dataclass(slots=True)
class Lettering:
    """A canvas on which labels are placed one after the other. Boxes are kept by cells, so that a thousand cost little."""

    canvas: Box
    _taken: dict[tuple[int, int], list[Box]]

    @classmethod
    def over(cls, canvas: Box, marks: Iterable[tuple[float, float]]) -> Lettering:
        """An empty canvas with marks at these places."""
        made = cls(canvas, defaultdict(list))
        for x, y in marks:
            made._take((x - MARKER, y - MARKER, x + MARKER, y + MARKER))
        return made

    def place(self, text: str, x: float, y: float, *, further: float = 0.0) -> Spot | None:
        """Take a free place for the label of the mark at (x, y), so much further from it than usual; None where there is
        none.
        """
        width = len(text) * _LETTER
        for near_x, near_y, anchor in _PLACES:
            dx = near_x + math.copysign(further, near_x) if near_x else 0.0
            dy = near_y if anchor != "middle" else near_y + math.copysign(further, near_y)
            start = x + dx - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
            box = (start, y + dy - _HEIGHT + 3, start + width, y + dy + 3)
            left, top, right, bottom = self.canvas
            inside = box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom
            if inside and not any(_overlap(box, other) for cell in _cells(box) for other in self._taken[cell]):
                self._take(box)
                return Spot(x + dx, y + dy, anchor)
        return None

    def _take(self, box: Box) -> None:
        for cell in _cells(box):
            self._taken[cell].append(box)


def _cells(box: Box) -> list[tuple[int, int]]:
    left, top, right, bottom = (int(edge // _CELL) for edge in box)
    return [(column, row) for column in range(left, right + 1) for row in range(top, bottom + 1)]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
