"""autotune verify: predicted against measured, what to make of it, and a calibration from it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.calibrating import fit_pairs, keep
from autotune.cli.measured_points import measured_points
from autotune.cli.output import print_diagnostics, print_json, say, write_file
from autotune.cli.store_option import add_store
from autotune.cli.tables import print_table
from autotune.comparing import choose_source, compare_points, outdated
from autotune.diagnostics import InputError, diagnostic
from autotune.predict import PREDICTORS
from autotune.report.agreement import headline, sections, to_markdown
from autotune.store.rows import finite
from autotune.verifying import judge_points
from autotune.workspace.calibrations import find_calibration

if TYPE_CHECKING:
    import argparse

    from autotune.verify.verdict import Verdict

EPILOG = """\
Examples
  autotune verify                                   the latest run
  autotune verify RUN system.gpu=h100_sxm           an imported run, which does not say on which GPU it was measured
  autotune verify task.yaml                         the points of a task (or of overrides), wherever they were measured
  autotune verify RUN RUN --calibrate --name mine   fit factors to these runs; `autotune predict --calibration mine` uses them
  autotune verify RUN --calibration mine            how well they do on another run
`autotune calibrations` lists and removes those that are kept."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="RUN | TASK_FILE | OVERRIDE",
        help="runs (default: the latest), with overrides that complete what they leave open; or a task file or overrides alone",
    )
    parser.add_argument(
        "-m", "--multirun", action="store_true", help="with overrides alone: `path=a,b` means a point of each value"
    )
    parser.add_argument("--predictor", metavar="NAME", help=f"{', '.join(PREDICTORS)}, or who made the claims in the task (default: they, else {next(iter(PREDICTORS))})")  # fmt: skip
    parser.add_argument("--calibration", metavar="NAME|FILE", help="correct the predictions by a calibration")
    parser.add_argument("--calibrate", action="store_true", help="fit a calibration to these runs and keep it")
    parser.add_argument("--name", metavar="NAME", help="name of the calibration that --calibrate keeps (default: the predictor's); one of that name is replaced")  # fmt: skip
    parser.add_argument("--format", choices=("table", "json", "md"), default="table", help="table (default), json, or md for a pull request")  # fmt: skip
    parser.add_argument("--html", metavar="FILE", help="write a page with plots there")
    add_store(parser)
    parser.set_defaults(config_dir=[], deny=[])


def run(args: argparse.Namespace) -> int:
    if args.calibrate and args.calibration:
        raise InputError(diagnostic("AT004", "--calibrate and --calibration exclude each other", help="fit to the raw predictions, then check with --calibration"))  # fmt: skip
    if args.name and not args.calibrate:
        raise InputError(diagnostic("AT004", "--name goes with --calibrate", help="--calibration NAME uses one that is kept"))  # fmt: skip
    kept = None if args.calibration is None else find_calibration(args.calibration)
    points = measured_points(args)
    source = choose_source(args.predictor, list({point.run.run_id: point.run for point in points}.values()), kept)
    pairs, notes = compare_points(points, source)
    if source.predictor is not None:
        notes += outdated(PREDICTORS[source.label], kept)
    print_diagnostics(notes)
    verdict = judge_points(pairs, points, source, kept)
    fitted = fit_pairs(pairs, source, args.name) if args.calibrate else None
    label = "" if kept is None else kept.label
    if args.html is not None:
        from autotune.report.agreement_page import render_agreement  # with Jinja

        write_file(Path(args.html), render_agreement(verdict, label).encode())
    if args.format == "json":
        print_json(finite(verdict.as_dict() | {"calibration": label or None, "kept": None if fitted is None else fitted.as_dict()}))  # fmt: skip
    elif args.format == "md":
        sys.stdout.write(to_markdown(verdict))
    else:
        _show(verdict)
    if fitted is not None:
        keep(fitted, quiet=args.format != "table")
    if args.html is not None:
        say(f"wrote {args.html}")
    return 0


def _show(verdict: Verdict) -> None:
    sys.stdout.write(f"{headline(verdict)}\n")
    for section in sections(verdict):
        sys.stdout.write(f"\n{section.title}\n" if section.title else "\n")
        print_table(section.head, section.rows, right=section.numbers)
        if section.note:
            sys.stdout.write(f"{section.note}\n")
    if verdict.expected_error:
        sys.stdout.write(f"\nthe predictor says of itself: {verdict.expected_error}\n")
