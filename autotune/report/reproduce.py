"""Commands that give a run or a point again, quoted for a POSIX shell."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

from autotune.report.masking import mask_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.store.record import RunRecord
    from autotune.store.result import Result

#: The executor of runs that autotune did not make itself.
_IMPORTED = "import"


def run_commands(run: RunRecord) -> list[str]:
    """The lines that make the whole run again: the folder's commit, the task file as it was given, the run.

    Folders are named by their last part: where they lay is nobody's business. Empty for an imported run. Secrets are masked.
    """
    inputs = run.inputs
    if run.executor == _IMPORTED or run.source is not None:
        return []
    lines, words = [], ["autotune", "run"]
    if commit := (run.environment.get("git") or {}).get("commit"):
        lines.append(shlex.join(["git", "checkout", str(commit)]))
    if run.task is not None:
        name = PurePath(run.task.name).name or "task.yaml"
        lines.append(shlex.join(["autotune", "results", run.run_id, "--task", "-o", name]))
        words.append(name)
    words += mask_arguments(inputs.overrides)
    words += [word for folder in inputs.config_dirs for word in ("--config-dir", PurePath(folder).name)]
    words += [word for code in inputs.denied for word in ("--deny", code)]
    return [*lines, shlex.join([*words, *(["-m"] if inputs.multirun else [])])]


def point_command(result: Result) -> str:
    """The command line that runs one point again.

    What a task file said stands among the overrides, so the file is not needed. Every argument is quoted; secrets are masked.
    """
    return shlex.join(["autotune", "run", *mask_arguments(result.overrides)])


def pack_command(run: RunRecord, pick: str) -> str:
    """The command line that packs one point as it was measured, with its manifests; `pick` is a pick's name or a point's id."""
    return shlex.join(["autotune", "emit", "--run", run.run_id, "--pick", pick, "--target", "k8s", "-o", "winner"])


def show_command(argv: Sequence[str]) -> str:
    """A long command line over several lines, each flag with its values, to be pasted as it is."""
    lines: list[list[str]] = [[]]
    for argument in mask_arguments(argv):
        if argument.startswith("-") and lines[-1]:
            lines.append([])
        lines[-1].append(shlex.quote(argument))
    return " \\\n  ".join(" ".join(line) for line in lines)
