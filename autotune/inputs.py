"""What was asked for: a task, overrides, and the points that come of them. The command line and the web page share it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.api import compile_dimensions, shadow_notes
from autotune.compose.overrides import parse_overrides
from autotune.compose.task_file import read_task
from autotune.diagnostics import Diagnostic, Severity, deny
from autotune.importing.refuse import shorten
from autotune.layers import parse_yaml
from autotune.predict.targets import slo_findings
from autotune.score.findings import goal_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from autotune.compiled import CompiledPoint
    from autotune.compose.settings import Dimension
    from autotune.workspace.load import Workspace


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was asked for. `task` is the task file's name as given."""

    workspace: Workspace
    task: str | None
    overrides: tuple[str, ...]
    dimensions: tuple[Dimension, ...]
    denied: frozenset[str] = frozenset()

    def compile(self, limit: int | None = None) -> list[CompiledPoint]:
        """Every point, or the first `limit`, with findings about what it is judged by, and those that `--deny` names as errors."""
        return list(itertools.islice(self.stream(), limit))

    def stream(self) -> Iterator[CompiledPoint]:
        """The same points one by one, for those who do not keep them."""
        refused = [item for item in self._about_all() if item.severity is Severity.ERROR]
        for point in compile_dimensions(self.workspace, self.dimensions):
            yield self._judged(point, refused)

    def _judged(self, point: CompiledPoint, refused: list[Diagnostic]) -> CompiledPoint:
        found = (
            *deny([*point.diagnostics, *slo_findings(point), *goal_findings(point)], self.denied),
            *refused,
        )
        # Most points have no more to say than before, and there may be ten thousand.
        return point if found == point.diagnostics else point.with_diagnostics(found)

    def notes(self) -> list[Diagnostic]:
        """Findings that concern all points. One that `--deny` names stands in every point instead, so that none can run."""
        return [item for item in self._about_all() if item.severity is not Severity.ERROR]

    def _about_all(self) -> list[Diagnostic]:
        return deny(shadow_notes(self.workspace, self.dimensions), self.denied)


def read_texts(
    workspace: Workspace,
    task: str | None,
    name: str | None,
    overrides: Sequence[str],
    *,
    multirun: bool,
    denied: Iterable[str] = (),
) -> Inputs:
    """The inputs that the text of a task file, called `name` in messages, and overrides as typed are. Raises InputError
    with everything that is wrong with them.
    """
    groups, options = workspace.composer.groups, workspace.composer.options
    said = [] if task is None else read_task(parse_yaml(task, name or "task file"), groups, options)
    said += parse_overrides(overrides, groups, options, sweeps=multirun)
    return Inputs(workspace, name, tuple(overrides), tuple(said), frozenset(denied))


def labels(points: Iterable[CompiledPoint]) -> dict[str, str]:
    """The words people know a point by: what was swept, long lists cut short, else its id."""
    return {point.id: " ".join(map(shorten, point.swept)) or point.id for point in points}
