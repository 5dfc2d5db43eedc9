"""autotune report: one HTML page about a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.outcome import write_report
from autotune.cli.store_option import add_store
from autotune.diagnostics import InputError, diagnostic
from autotune.store import Store

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help="id of a run, or its beginning (default: the latest)")
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="report.html", help="file to write (default report.html)"
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    with Store(args.store) as store:
        record = store.find_run(args.run)
        results = store.results(record.run_id)
    try:
        path = write_report(record, results, Path(args.output))
    except OSError as error:
        raise InputError(
            diagnostic(
                "AT001",
                f"{args.output} cannot be written: {(error.strerror or str(error)).lower()}",
                help="choose another file with -o",
            )
        ) from None
    sys.stdout.write(f"{path}\n")
    return 0
