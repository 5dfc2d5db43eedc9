"""autotune report: what came out of a run, as one HTML page or as Markdown for a pull request."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.output import write_file
from autotune.cli.store_option import add_store
from autotune.report import Reported, render_html
from autotune.store import Store

if TYPE_CHECKING:
    import argparse

EPILOG = """\
Examples
  autotune report                                  the latest run, into report.html
  autotune report --format md | gh pr comment 12 -F -
  autotune report 20261126 -o - > page.html        any beginning of a run's id that is like no other's
"""
#: What -o is where it is not said.
_OUTPUT = {"html": "report.html", "md": "-"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help="id of a run, or its beginning (default: the latest)")
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
        record = store.find_run(args.run)
        reports = [Reported(record, tuple(store.results(record.run_id)))]
    content = _render(reports, args.format).encode()
    output = args.output or _OUTPUT[args.format]
    if output == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return 0
    write_file(Path(output), content)
    sys.stdout.write(f"{output}\n")
    return 0


def _render(reports: list[Reported], form: str) -> str:
    if form == "html":
        return render_html(reports)
    from autotune.report.markdown import render_markdown

    return render_markdown(reports)
