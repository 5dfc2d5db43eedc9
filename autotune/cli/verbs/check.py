"""autotune check: every mistake at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from autotune.cli.inputs import add_inputs, labels, read_inputs
from autotune.cli.output import print_diagnostics, print_json
from autotune.diagnostics import Diagnostic, InputError, has_errors, unique

if TYPE_CHECKING:
    import argparse

EPILOG = """\
Findings go to stdout. The exit code is 2 when there is an error, 0 otherwise; --format json prints them as an array."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_inputs(parser, formats=("text", "json"))


def run(args: argparse.Namespace) -> int:
    found: list[Diagnostic] = []
    names: dict[str, str] = {}
    count = 0
    try:
        inputs = read_inputs(args)
        points = inputs.compile()
    except InputError as error:
        found += error.diagnostics
    else:
        count = len(points)
        names = labels(points)
        found += [*inputs.notes(), *(item for point in points for item in point.diagnostics)]
    if args.format == "json":
        print_json([item.as_dict() for item in unique(found)])
    else:
        print_diagnostics(found, sys.stdout, names)
        if not has_errors(found):
            sys.stdout.write(f"{count} point{'s' if count != 1 else ''} checked, no errors\n")
    return 2 if has_errors(found) else 0
