"""What the verbs share: a task file, overrides, -m, and the points that come of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.api import compile_dimensions, read_dimensions, shadow_notes
from autotune.cli.verb_table import VERBS
from autotune.compose.settings import Dimension, UseProfiles
from autotune.diagnostics import Diagnostic, InputError, diagnostic, nearest
from autotune.workspace.load import Workspace, load_workspace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

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
    if formats:
        parser.add_argument(
            "--format", choices=formats, default=formats[0], help=f"{formats[0]} (default) or {', '.join(formats[1:])}"
        )


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was asked for. `task` is the task file's name as given."""

    workspace: Workspace
    task: str | None
    overrides: tuple[str, ...]
    dimensions: tuple[Dimension, ...]

    def compile(self) -> list[CompiledPoint]:
        return list(compile_dimensions(self.workspace, self.dimensions))

    def notes(self) -> list[Diagnostic]:
        return shadow_notes(self.workspace, self.dimensions)

    @property
    def profiles(self) -> tuple[str, ...]:
        return tuple(
            name
            for dimension in self.dimensions
            for alternative in dimension.alternatives
            for setting in alternative
            if isinstance(setting, UseProfiles)
            for name in setting.names
        )


def read_inputs(args: argparse.Namespace, words: Iterable[str] | None = None) -> Inputs:
    """Read the words of a command line. Raises InputError with everything that is wrong with them."""
    rest = list(args.words if words is None else words)
    task = rest.pop(0) if rest and _is_task(rest[0]) else None
    if task is None and rest and "=" not in rest[0] and not rest[0].startswith("~"):
        raise InputError(_not_understood(rest[0]))
    workspace = load_workspace(args.config_dir)
    return Inputs(workspace, task, tuple(rest), tuple(read_dimensions(workspace, task, rest, multirun=args.multirun)))


def labels(points: Iterable[CompiledPoint]) -> dict[str, str]:
    """The words people know a point by: what was swept, else its id."""
    return {point.id: " ".join(point.swept) or point.id for point in points}


def _is_task(word: str) -> bool:
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
