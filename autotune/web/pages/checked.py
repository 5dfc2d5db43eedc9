"""A draft compiled: its points as far as a page shows them, everything that is wrong, and how large the sweep is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autotune.api import shadow_notes
from autotune.diagnostics import Diagnostic, InputError, Severity, hide_secrets, ordered, unique
from autotune.inputs import Inputs
from autotune.web.requested import MOST_WORDS, count_points, read_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint
    from autotune.compose.settings import Dimension
    from autotune.workspace.load import Workspace

#: Points that a page compiles while somebody types; a run compiles all of them.
LIMIT = 60


@dataclass(frozen=True, slots=True)
class Checked:
    """`total` counts the whole expansion, `points` holds the first of them. `refused` are words that say nothing."""

    dimensions: tuple[Dimension, ...]
    total: int
    points: tuple[CompiledPoint, ...]
    refused: tuple[Diagnostic, ...]
    notes: tuple[Diagnostic, ...]

    @property
    def findings(self) -> list[Diagnostic]:
        """Everything found, errors first, each once, without the secrets that a message may repeat."""
        found = [item for point in self.points for item in point.diagnostics]
        return [
            replace(item, message=hide_secrets(item.message), help=item.help and hide_secrets(item.help))
            for item in ordered(unique([*self.refused, *self.notes, *found]))
        ]

    @property
    def checked_part(self) -> bool:
        """Whether the sweep has points that were not compiled."""
        return len(self.points) < self.total

    @property
    def runnable(self) -> list[CompiledPoint]:
        """The points shown that can run, each config once."""
        return list({point.id: point for point in self.points if point.runnable}.values())

    @property
    def can_run(self) -> bool:
        """Whether a run of this would start: something is left of it, and nothing in it was not understood."""
        return bool(self.runnable) and not any(item.severity is Severity.ERROR for item in self.refused)


def check_words(workspace: Workspace, words: Sequence[str], *, limit: int = LIMIT) -> Checked:
    """Compile what the words say, and the rest of it where some say nothing."""
    refused: list[Diagnostic] = []
    dimensions: list[Dimension] = []
    for word in words[:MOST_WORDS]:
        try:
            dimensions += read_request(workspace, None, [word]).dimensions
        except InputError as error:
            refused += error.diagnostics
    points: list[CompiledPoint] = []
    try:
        points = Inputs(workspace, None, tuple(words), tuple(dimensions)).compile(limit)
    except InputError as error:
        refused += error.diagnostics
    total = count_points(dimensions)
    notes = shadow_notes(workspace, dimensions)
    return Checked(tuple(dimensions), total, tuple(points), tuple(refused), tuple(notes))
