"""From what a request says to compiled points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, UnknownNameError, diagnostic, unique
from autotune.web.requested import MOST_COMPILED, read_request

if TYPE_CHECKING:
    from autotune.compiled import CompiledPoint
    from autotune.diagnostics import Diagnostic
    from autotune.inputs import Inputs
    from autotune.web.api.shapes import Said
    from autotune.web.state import WebState


def read_said(state: WebState, said: Said, *, most: int = MOST_COMPILED) -> Inputs:
    """The inputs of a request. Raises InputError with everything that is wrong with it."""
    return read_request(state.workspace, task_of(state, said), said.overrides, denied=said.deny, most=most)


def task_of(state: WebState, said: Said) -> str | None:
    """The text of the task, given or stored. Raises InputError: AT004 when both are named, AT031 for an unknown hash."""
    if said.task_hash is None:
        return said.task
    if said.task is not None:
        raise InputError(diagnostic("AT004", "a request has a task's text or its hash, not both", help="leave one out"))
    task = state.store.find_task(said.task_hash)
    if task is None or task.version != 2:
        raise UnknownNameError(
            diagnostic("AT031", f"no v2 task has the hash {said.task_hash}", help="GET /api/v2/tasks lists them")
        )
    return task.text


def compile_said(state: WebState, said: Said) -> tuple[list[CompiledPoint], list[Diagnostic]]:
    """Every point, and what was found about all of them. Raises InputError with every reason when none can run."""
    inputs = read_said(state, said)
    points, notes = inputs.compile(), inputs.notes()
    if not any(point.runnable for point in points):
        raise InputError(*unique(item for point in points for item in point.diagnostics))
    return points, notes


def findings(points: list[CompiledPoint], notes: list[Diagnostic]) -> list[Diagnostic]:
    """All that was found, each once."""
    return unique([*notes, *(item for point in points for item in point.diagnostics)])
