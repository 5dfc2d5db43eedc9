"""What a run ends with: the table on stdout and the HTML report beside the run."""

from __future__ import annotations

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
    path.write_text(render_html(run, results, environment=_environment(run, results)), encoding="utf-8")
    return path


def _environment(run: RunRecord, results: Sequence[Result]) -> dict[str, str]:
    """Where the run was made, as it was noted then; for runs from before that was noted, autotune alone is known."""
    found = run.environment
    git = found.get("git") or {}
    served = {str(result.environment["engine_version"]) for result in results if "engine_version" in result.environment}
    words = {
        "Imported from": " ".join(
            str(value) for key, value in (run.source or {}).items() if key in ("tool", "version")
        ),
        "autotune": found.get("autotune", __version__),
        "Python": found.get("python"),
        "host": found.get("host") or (run.source or {}).get("host"),
        "system": found.get("os"),
        "CPU": found.get("cpu"),
        "GPUs here": ", ".join(
            f"{found['gpus'].count(name)} x {name}" for name in dict.fromkeys(found.get("gpus") or ())
        ),
        "GPU driver": found.get("gpu_driver"),
        "engine said": ", ".join(sorted(served)),
        "git": f"{git['commit'][:12]}{', with changes' if git.get('dirty') else ''}" if git else None,
    }
    return {name: str(value) for name, value in words.items() if value}


def stdout_console() -> Console:
    """A console for tables: as wide as the terminal, and in a pipe as wide as the table needs."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    return console
