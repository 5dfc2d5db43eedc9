"""autotune report: what came out of runs, as one HTML page or as Markdown for a pull request."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.output import print_diagnostics, write_file
from autotune.cli.standing import standing
from autotune.cli.store_option import add_store
from autotune.diagnostics import Diagnostic, diagnostic
from autotune.report import Reported, render_html
from autotune.store import Store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

EPILOG = """\
Examples
  autotune report                                  the latest run, into report.html
  autotune report --format md | gh pr comment 12 -F -
  autotune report 20261126-1203 20261126-1256      two runs side by side, named by the beginnings of their ids
"""
#: What -o is where it is not said.
_OUTPUT = {"html": "report.html", "md": "-"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="id of a run, or its beginning (default: the latest); several are compared side by side",
    )
    parser.add_argument(
        "--format",
        choices=("html", "md"),
        default="html",
        help="html (default): one page that needs no network; md: GitHub's Markdown",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="file to write, `-` for stdout (default: report.html, and stdout for Markdown)",
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    with Store(args.store) as store:
        records = {record.run_id: record for record in map(store.find_run, args.runs or [None])}
        reports = [Reported(record, tuple(standing(store.results(name)))) for name, record in records.items()]
    print_diagnostics(_not_compared(reports))
    content = _render(reports, args.format).encode()
    output = args.output or _OUTPUT[args.format]
    if output == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return 0
    write_file(Path(output), content)
    sys.stdout.write(f"{output}\n")
    return 0


def _not_compared(reports: Sequence[Reported]) -> list[Diagnostic]:
    kinds = {report.leading for report in reports}
    if len(kinds) == 1:
        return []
    told = ", ".join(f"{report.run.run_id} is {report.leading}" for report in reports)
    return [
        diagnostic("AT167", f"runs of different kinds are not compared: {told}",
                   help="each stands in the report by itself; compare runs that were all measured, or all emulated")
    ]  # fmt: skip


def _render(reports: list[Reported], form: str) -> str:
    if form == "html":
        return render_html(reports)
    from autotune.report.markdown import render_markdown

    return render_markdown(reports)
