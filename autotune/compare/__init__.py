"""What differs between two servers, and who set it: pure functions over what was compiled, stored or found."""

from autotune.compare.differences import Difference, compare_points, compare_sides
from autotune.compare.pairing import Pairing, pair_sides
from autotune.compare.side import Side, found_side, point_sides, result_side

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
