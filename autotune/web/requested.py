"""What a client asks to have compiled: texts, within limits, and nothing that reaches beyond them."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from autotune.compose.overrides import parse_overrides
from autotune.compose.settings import HydraOnly
from autotune.compose.task_file import read_task
from autotune.diagnostics import Diagnostic, InputError, diagnostic, read_denied
from autotune.inputs import Inputs
from autotune.layers import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from autotune.compose.settings import Dimension
    from autotune.workspace.load import Workspace

#: Points that one request may compile, and that one run may have.
MOST_COMPILED = 1_000
MOST_RUN = 10_000
#: Words in one request, and characters in each.
MOST_WORDS = 500
_LONGEST_WORD = 4_000
#: Grammars read brackets by recursion.
_DEEPEST = 50


def read_request(
    workspace: Workspace,
    task: str | None,
    overrides: Sequence[str],
    *,
    task_name: str = "task",
    multirun: bool = True,
    denied: Sequence[str] = (),
    most: int = MOST_COMPILED,
) -> Inputs:
    """The inputs that a task's text and overrides are, as `autotune compile TASK OVERRIDES -m` reads them.

    Raises InputError with everything that is wrong: AT082 for more than is allowed, AT004 for what only Hydra carries out
    (deletions, interpolations, which read this process's environment, and its own settings, which write files).
    """
    _check_size(overrides)
    codes = read_denied(denied)
    groups, options = workspace.composer.groups, workspace.composer.options
    found: list[Diagnostic] = []
    said: list[Dimension] = []
    if task is not None:
        try:
            said += read_task(parse_yaml(task, task_name), groups, options)
        except InputError as error:
            found += error.diagnostics
    for word in overrides:
        try:
            said += parse_overrides([word], groups, options, sweeps=multirun)
        except InputError as error:
            found += error.diagnostics
        except (ArithmeticError, ValueError, RecursionError) as error:
            found.append(diagnostic("AT004", f"override `{word[:200]}` cannot be understood: {error}"))
        _check_count(said, most)
    found += [_hydra_only(item) for item in _settings(said) if isinstance(item, HydraOnly)]
    if found:
        raise InputError(*found)
    _check_count(said, most)
    return Inputs(workspace, None if task is None else task_name, tuple(overrides), tuple(said), codes)


def count_points(dimensions: Iterable[Dimension]) -> int:
    """How many points a sweep has."""
    return math.prod(len(item.alternatives) for item in dimensions)


def _check_size(overrides: Sequence[str]) -> None:
    if len(overrides) > MOST_WORDS:
        raise InputError(diagnostic("AT082", f"{len(overrides):,} overrides are more than the {MOST_WORDS} that one request may have", help="put them into a task"))  # fmt: skip
    for word in overrides:
        if len(word) > _LONGEST_WORD or _depth(word) > _DEEPEST:
            what = "too long" if len(word) > _LONGEST_WORD else "nested too deeply"
            raise InputError(diagnostic("AT082", f"override `{word[:40]}...` is {what}", help="put it into a task"))


def _depth(word: str) -> int:
    steps = (1 if char in "[{(" else -1 if char in "]})" else 0 for char in word)
    return max(itertools.accumulate(steps), default=0)


def _check_count(dimensions: Sequence[Dimension], most: int) -> None:
    if (count := count_points(dimensions)) > most:
        raise InputError(
            diagnostic("AT082", f"the sweep has {count:,} points, and one request may have {most:,}",
                       help="sweep over less, or use the command line, which has no such limit")
        )  # fmt: skip


def _settings(dimensions: Iterable[Dimension]) -> Iterator[object]:
    return (setting for item in dimensions for alternative in item.alternatives for setting in alternative)


def _hydra_only(setting: HydraOnly) -> Diagnostic:
    return diagnostic(
        "AT004", f"override `{setting.text}` is for the command line alone", writer=setting.writer,
        help="a request takes values, options and profiles; deletions, interpolations and Hydra's own settings it does not",
    )  # fmt: skip
