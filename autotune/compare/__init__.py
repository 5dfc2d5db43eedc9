"""What differs between two servers, and who set it: pure functions over what was compiled, stored or found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.lazy import lazy_names

if TYPE_CHECKING:
    from autotune.compare.differences import Difference, compare_points, compare_sides
    from autotune.compare.pairing import Pairing, pair_sides
    from autotune.compare.side import Side, found_side, point_sides, result_side

_HOMES = {
    "Difference": "autotune.compare.differences",
    "Pairing": "autotune.compare.pairing",
    "Side": "autotune.compare.side",
    "compare_points": "autotune.compare.differences",
    "compare_sides": "autotune.compare.differences",
    "found_side": "autotune.compare.side",
    "pair_sides": "autotune.compare.pairing",
    "point_sides": "autotune.compare.side",
    "result_side": "autotune.compare.side",
}

__all__ = [
    "Difference",
    "Pairing",
    "Side",
    "compare_points",
    "compare_sides",
    "found_side",
    "pair_sides",
    "point_sides",
    "result_side",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
