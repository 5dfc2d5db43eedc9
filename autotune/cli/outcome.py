"""What a run ends with: the table on stdout and the HTML report beside the run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

from autotune.cli.output import say
from autotune.report import Reported, render_html, render_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from autotune.store import Result, RunRecord


def show_outcome(run: RunRecord, results: Sequence[Result], folder: Path) -> None:
    """Print the results table and the report's path; the report is written into the run's folder, where there is room."""
    console = stdout_console()
    render_table(results, console)
    sys.stdout.write(f"run {run.run_id}\n")
    try:
        sys.stdout.write(f"report {write_report(run, results, folder / 'report.html')}\n")
    except OSError as error:
        say(
            f"the report cannot be written ({error.strerror or error}); `autotune report {run.run_id} -o FILE` writes it elsewhere"
        )


def write_report(run: RunRecord, results: Sequence[Result], path: Path) -> Path:
    """Write the HTML report and return where it is."""
    path.write_text(render_html([Reported(run, tuple(results))]), encoding="utf-8")
    return path


def stdout_console() -> Console:
    """A console for tables: as wide as the terminal, and in a pipe as wide as the table needs."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    return console
