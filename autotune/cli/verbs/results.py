"""autotune results: what is stored, in every format; what a load client wrote; and taking in what others measured."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.outcome import stdout_console
from autotune.cli.output import print_json, write_file
from autotune.cli.standing import standing
from autotune.cli.store_option import add_store
from autotune.cli.verbs.results_raw import show_raw
from autotune.diagnostics import InputError, diagnostic
from autotune.report import render_table
from autotune.report.picks import picks_of
from autotune.store import Result, RunRecord, RunSummary, Store
from autotune.store.export import result_rows, to_csv, to_json_lines
from autotune.store.parquet import to_parquet

if TYPE_CHECKING:
    import argparse

EPILOG = """\
Examples
  autotune results --format csv -o sweep.csv
  autotune results --raw POINT              what the load client wrote for a point
  autotune results import ./benchmark-out   results of genai-bench, guidellm, aiperf, vllm bench (sweep)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="RUN | import FOLDER ...",
        help="id of a run, or its beginning (default: the latest); or folders that load clients wrote by themselves",
    )
    parser.add_argument(
        "--list", action="store_true", help="list the runs instead of the results of one, as `autotune runs` does"
    )
    parser.add_argument(
        "--format",
        choices=("table", "json", "jsonl", "csv", "parquet"),
        default="table",
        help="table (default), json, jsonl, csv or parquet (needs llm-autotune[parquet])",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to stdout")
    parser.add_argument(
        "--raw", metavar="POINT[/FILE]", help="files that the point's load client wrote: their list, or one as it is"
    )
    parser.add_argument("--task", action="store_true", help="the task file that the run was made from, as it was given")
    parser.add_argument(
        "--gpus",
        type=_positive,
        default=1,
        metavar="N",
        help="import: GPUs of the server that was measured (default 1)",
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    match args.words:
        case ["import", *folders] if folders:
            from autotune.cli.verbs.results_import import import_results  # it knows every engine's flags

            with Store(args.store) as store:
                return import_results(folders, store, gpus=args.gpus, form=args.format)
        case [] | [_]:
            return _show(args, args.words[0] if args.words else None)
        case words:
            raise InputError(
                diagnostic(
                    "AT004",
                    f"`results {' '.join(words)}` is not understood",
                    help="autotune results [RUN], autotune results import FOLDER ...",
                )
            )


def _show(args: argparse.Namespace, name: str | None) -> int:
    with Store(args.store) as store:
        if args.list:
            return _list(store.runs(), args.format)
        if args.task:
            return _show_task(store.find_run(name), args.output)
        if args.raw is not None:
            return show_raw(store, name, args.raw, args.output)
        results = standing(store.results(name))
    if args.format == "table" and args.output is None:
        if results:
            render_table(results, stdout_console())
        else:
            sys.stdout.write("nothing is stored yet\n")
        return 0
    if args.output is None and args.format == "json":
        print_json(result_rows(results, picks_of(results)))
        return 0
    content = _render(results, args.format)
    if args.output is not None:
        write_file(Path(args.output), content)
    elif args.format == "parquet" and sys.stdout.isatty():
        raise InputError(
            diagnostic("AT027", "--format parquet is no text for a terminal", help="name a file with -o FILE")
        )
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    return 0


def _show_task(run: RunRecord, output: str | None) -> int:
    if run.task is None:
        raise InputError(
            diagnostic("AT031", f"run {run.run_id} was made without a task file",
                       help="`autotune results --format json` has its overrides")
        )  # fmt: skip
    content = run.task.text.encode()
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        write_file(Path(output), content)
    return 0


def _render(results: list[Result], form: str) -> bytes:
    match form:
        case "parquet":
            return to_parquet(results)
        case "csv":
            return to_csv(results).encode()
        case "jsonl":
            return to_json_lines(results, picks_of(results)).encode()
        case "json":
            from autotune.store.export import to_json

            return f"{to_json(results, picks_of(results))}\n".encode()
        case _:
            raise InputError(
                diagnostic(
                    "AT027", "a table is for the terminal", help="with -o, say --format json, jsonl, csv or parquet"
                )
            )


def _list(runs: list[RunSummary], form: str) -> int:
    from autotune.cli.verbs.runs import look_at, print_runs  # with what running needs, a table of results does without
    from autotune.run.listing import run_data

    seen = look_at(runs)
    if form == "json":
        print_json([run_data(item.record, item.vitals, queued=item.state == "queued") for item in seen])
    else:
        print_runs(seen)
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
