"""autotune results: what is stored."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from autotune.cli.outcome import stdout_console
from autotune.cli.output import print_json
from autotune.cli.tables import print_table
from autotune.cli.verbs.run import add_store
from autotune.report import render_table
from autotune.store import RunRecord, Store
from autotune.store.export import result_rows, to_csv, to_json_lines

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help="id of a run, or its beginning (default: the latest)")
    parser.add_argument("--list", action="store_true", help="list the runs instead of the results of one")
    parser.add_argument(
        "--format",
        choices=("table", "json", "jsonl", "csv"),
        default="table",
        help="table (default), json, jsonl or csv",
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    with Store(args.store) as store:
        if args.list:
            return _list(store.runs(), args.format)
        results = store.results(args.run)
    if args.format == "json":
        print_json(result_rows(results))
    elif args.format in ("jsonl", "csv"):
        sys.stdout.write(to_csv(results) if args.format == "csv" else to_json_lines(results))
    elif results:
        render_table(results, stdout_console())
    else:
        sys.stdout.write("nothing is stored yet\n")
    return 0


def _list(runs: list[RunRecord], form: str) -> int:
    if form == "json":
        print_json([run.as_dict() for run in runs])
        return 0
    print_table(
        ("run", "executor", "points", "done", "failed", "pruned", "state"),
        [
            (
                run.run_id, run.executor, str(len(run.points)), *(str(run.counts.get(status, 0)) for status in ("done", "failed", "pruned")),
                "finished" if run.finished else "unfinished",
            )
            for run in runs
        ],
        right=range(2, 6),
    )  # fmt: skip
    return 0
