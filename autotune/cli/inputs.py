"""What the verbs share: a task file, overrides, -m, and the points that come of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autotune.api import read_dimensions
from autotune.cli.output import print_diagnostics
from autotune.cli.verb_table import VERBS
from autotune.compiler import prune
from autotune.compose.overrides import split_launcher
from autotune.diagnostics import Diagnostic, InputError, Severity, diagnostic, nearest, read_denied
from autotune.inputs import Inputs, labels
from autotune.workspace.load import load_workspace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from autotune.compiled import CompiledPoint

_TASK_SUFFIXES = (".yaml", ".yml", ".json")


def add_inputs(parser: argparse.ArgumentParser, *, formats: tuple[str, ...] = ()) -> None:
    """The arguments of every verb that compiles."""
    parser.add_argument(
        "words", nargs="*", metavar="TASK_FILE | OVERRIDE", help="an optional task file first, then overrides"
    )
    parser.add_argument("-m", "--multirun", action="store_true", help="sweep: `path=a,b` makes a point of each value")
    parser.add_argument(
        "--config-dir",
        action="append",
        default=[],
        metavar="DIR",
        help="a further folder of config groups (may be repeated)",
    )
    parser.add_argument(
        "--deny",
        action="append",
        default=[],
        metavar="CODE[,CODE...]",
        help="make an error of this warning or note (may be repeated); `--deny warnings` of every warning",
    )
    if formats:
        parser.add_argument(
            "--format", choices=formats, default=formats[0], help=f"{formats[0]} (default) or {', '.join(formats[1:])}"
        )


def read_inputs(args: argparse.Namespace, words: Iterable[str] | None = None) -> Inputs:
    """Read the words of a command line. Raises InputError with everything that is wrong with them."""
    # Where jobs run is no part of what they are; `run` alone asks for it.
    _, rest = split_launcher(args.words if words is None else words)
    denied = read_denied(args.deny)
    task = rest.pop(0) if rest and is_task(rest[0]) else None
    if task is None and rest and "=" not in rest[0] and not rest[0].startswith("~"):
        raise InputError(_not_understood(rest[0]))
    workspace = load_workspace(args.config_dir)
    dimensions = read_dimensions(workspace, task, rest, multirun=args.multirun)
    return Inputs(workspace, task, tuple(rest), tuple(dimensions), denied)


def announce(points: Sequence[CompiledPoint], notes: Iterable[Diagnostic] = ()) -> list[CompiledPoint]:
    """Print every finding once, and give the points that can run. Raises InputError with the errors when none can."""
    names = labels(points)
    found = [*notes, *(item for point in points for item in point.diagnostics)]
    try:
        runnable = prune(points)
    except InputError as error:
        print_diagnostics([item for item in found if item.severity is not Severity.ERROR], labels=names)
        raise InputError(*error.diagnostics, labels=names) from None
    print_diagnostics(found, labels=names)
    return runnable


def is_task(word: str) -> bool:
    """Whether a word of a command line names a task file."""
    return "=" not in word and not word.startswith("~") and (word.endswith(_TASK_SUFFIXES) or Path(word).exists())


def _not_understood(word: str) -> Diagnostic:
    if close := nearest(word, VERBS, 1):
        return diagnostic(
            "AT004",
            f"`{word}` is neither a verb, a task file nor an override",
            help=f"did you mean `autotune {close[0]}`?",
        )
    return diagnostic(
        "AT004",
        f"`{word}` is neither a verb, a task file nor an override",
        help="verbs are listed by `autotune --help`; overrides are `path=value`; a task file must exist or end in .yaml",
    )
