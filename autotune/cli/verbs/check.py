"""autotune check: every mistake at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from autotune.cli.inputs import add_inputs, read_inputs
from autotune.cli.output import print_diagnostics, print_json, print_sarif
from autotune.diagnostics import Diagnostic, InputError, Severity, has_errors, ordered, unique
from autotune.inputs import labels

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

EPILOG = """\
Findings go to stdout, errors first. The exit code is 2 when there is an error, 0 otherwise.
--format json prints them as an array; --format sarif as SARIF 2.1.0, with which code hosts annotate a pull request.
`autotune explain ATnnn` tells more about a code, `autotune explain codes` lists them.

  autotune check task.yaml --deny AT104,AT108
  autotune check task.yaml --format sarif > findings.sarif"""


def configure(parser: argparse.ArgumentParser) -> None:
    add_inputs(parser, formats=("text", "json", "sarif"))


def run(args: argparse.Namespace) -> int:
    found: list[Diagnostic] = []
    names: dict[str, str] = {}
    count = 0
    task: str | None = None
    try:
        inputs = read_inputs(args)
        task = inputs.task
        found += inputs.notes()
        for point in inputs.stream():
            count += 1
            names |= labels([point])
            found += point.diagnostics
    except InputError as error:
        found += error.diagnostics
    found = ordered(unique(found))
    if args.format == "json":
        print_json([item.as_dict() for item in found])
    elif args.format == "sarif":
        print_sarif(found, task)
    else:
        print_diagnostics(found, sys.stdout, names)
        sys.stdout.write(f"{_summary(found, count)}\n")
    return 2 if has_errors(found) else 0


def _summary(found: Sequence[Diagnostic], count: int) -> str:
    """As in `2 points checked: 1 error, 3 warnings`."""
    counts = {severity: sum(item.severity is severity for item in found) for severity in Severity}
    said = [f"{number} {severity}{'s' if number > 1 else ''}" for severity, number in counts.items() if number]
    if not counts[Severity.ERROR]:
        said.insert(0, "no errors")
    checked = f"{count} point{'s' if count != 1 else ''} checked" if count else "nothing could be checked"
    return f"{checked}, {', '.join(said)}"
