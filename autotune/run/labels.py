"""Names of points for people: what sets each apart from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.run.redact import hide_override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint


def point_labels(points: Sequence[CompiledPoint]) -> dict[str, str]:
    """The overrides of each point that not all share, by point id; the id itself where that leaves nothing."""
    shared = set.intersection(*(set(point.overrides) for point in points)) if len(points) > 1 else set()
    labels = {}
    for point in points:
        own = [hide_override(text) for text in point.overrides if text not in shared]
        labels[point.id] = " ".join(own) or point.id
    return labels
