"""The command line. This module stays light: `autotune --help` loads nothing of the compiler."""

from __future__ import annotations

import sys

from autotune.cli.program import run_program
from autotune.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done, 1 some points failed, 2 the input is wrong, 130 interrupted."""
    return run_program(list(sys.argv[1:] if argv is None else argv))
