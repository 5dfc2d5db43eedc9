"""Commands that give a point again, quoted for a POSIX shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from autotune.report.masking import mask_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.store.result import Result


def reproduce_commands(result: Result) -> dict[str, str]:
    """Title -> command line: run the point again, show its flags, write its manifests.

    What a task file said stands among the overrides, so the file is not needed. Every argument is quoted; secrets are masked.
    """
    arguments = mask_arguments(result.overrides)
    return {
        "Run it again": shlex.join(["autotune", "run", *arguments]),
        "Show flags and provenance": shlex.join(["autotune", "compile", *arguments]),
        "Write manifests": shlex.join(["autotune", "emit", "--target", "shell,docker,k8s", "-o", "out", *arguments]),
    }


def show_command(argv: Sequence[str]) -> str:
    """A long command line over several lines, each flag with its values, to be pasted as it is."""
    lines: list[list[str]] = [[]]
    for argument in mask_arguments(argv):
        if argument.startswith("-") and lines[-1]:
            lines.append([])
        lines[-1].append(shlex.quote(argument))
    return " \\\n  ".join(" ".join(line) for line in lines)
