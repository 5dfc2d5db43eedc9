"""What a run ends with: the table on stdout and the HTML report beside the run."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from rich.console import Console

from autotune import __version__
from autotune.report import render_html, render_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from autotune.store import Result, RunRecord


def show_outcome(run: RunRecord, results: Sequence[Result], folder: Path) -> None:
    """Print the results table and the report's path; the report is written into the run's folder."""
    console = stdout_console()
    render_table(results, console)
    path = write_report(run, results, folder / "report.html")
    sys.stdout.write(f"run {run.run_id}\nreport {path}\n")


def write_report(run: RunRecord, results: Sequence[Result], path: Path) -> Path:
    """Write the HTML report and return where it is."""
    environment = {
        "autotune": __version__,
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    path.write_text(render_html(run, results, environment=environment), encoding="utf-8")
    return path


def stdout_console() -> Console:
    """A console for tables: as wide as the terminal, and in a pipe as wide as the table needs."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    return console
