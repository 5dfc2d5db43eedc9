"""autotune compile: every point with its flags, layers and diagnostics."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from autotune.cli.inputs import add_inputs, read_inputs
from autotune.cli.output import print_diagnostics, print_json, say
from autotune.diagnostics import InputError, Severity, diagnostic, hide_secrets, holds_secret
from autotune.diagnostics.secrets import HIDDEN
from autotune.inputs import labels
from autotune.schema.task_text import spell_flow

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint

EPILOG = """\
--format json prints an array of {id, overrides, config, deployment, applied_layers, origin, diagnostics};
--format aiconfigurator prints the points as searches for `aiconfigurator cli exp --yaml-path FILE`.
The exit code is 2 when no point can run; `--deny CODE` counts findings of that code as errors."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_inputs(parser, formats=("text", "json", "aiconfigurator"))
    parser.add_argument(
        "--diff-version",
        nargs=2,
        metavar=("A", "B"),
        help="show what changes between two versions of the engine instead",
    )


def run(args: argparse.Namespace) -> int:
    inputs = read_inputs(args)
    if args.diff_version is not None:
        from autotune.cli.version_diff import show_version_diff  # with all that comparing takes

        old, new = args.diff_version
        return show_version_diff(inputs, old, new, args.format)
    points = inputs.compile()
    if args.format == "json":
        print_json([point.as_dict() for point in points])
    elif args.format == "aiconfigurator":
        sys.stdout.write(_searches(points))
    else:
        sys.stdout.write("\n".join(render_point(point) for point in points))
    print_diagnostics(
        [*inputs.notes(), *(item for point in points for item in point.diagnostics)], labels=labels(points)
    )
    runnable = sum(point.runnable for point in points)
    if runnable < len(points):
        say(f"{len(points) - runnable} of {len(points)} points cannot run")
    return 0 if runnable else 2


def _searches(points: Sequence[CompiledPoint]) -> str:
    """The points as what `aiconfigurator cli exp --yaml-path FILE` takes. Raises InputError where none can be said so."""
    from autotune.importing.aiconfigurator import to_searches  # with the importer, which other formats do without

    known = [(item.config, item.facts) for item in points if item.runnable and item.config and item.facts]
    if not known:
        raise InputError(*(item for point in points for item in point.diagnostics if item.severity is Severity.ERROR))
    searches, refused = to_searches(known)
    if not searches:
        wrong = (diagnostic("AT004", f"no search for aiconfigurator: {why}", help="another point, or another --format") for why in refused)  # fmt: skip
        raise InputError(*wrong)
    print_diagnostics(
        diagnostic("AT117", f"left out: {why}", help="the searches are over the other points") for why in refused
    )
    lines = ["# For `aiconfigurator cli exp --yaml-path FILE`, as of 0.12.0.", f"exps: {spell_flow(list(searches))}"]
    for name, search in searches.items():
        lines += [f"{name}:", *(f"  {key}: {spell_flow(value)}" for key, value in search.items())]
    return "\n".join(lines) + "\n"


def render_point(point: CompiledPoint) -> str:
    """One point for people. Secrets that were typed where they do not belong (AT108) are not repeated."""
    title = hide_secrets(" ".join(point.swept) or " ".join(point.overrides) or "the base config")
    errors = sum(item.severity is Severity.ERROR for item in point.diagnostics)
    lines = [f"{point.id}  {title}" + (f"  (cannot run: {errors} error{'s' if errors > 1 else ''})" if errors else "")]
    if point.applied_layers:
        lines.append(f"  layers   {', '.join(point.applied_layers)}")
    deployment = point.deployment
    if deployment is not None and point.runnable:
        lines.append(
            f"  server   {deployment.name} on {deployment.gpus} x {deployment.gpu_name}, {deployment.engine} {deployment.engine_version}"
        )
        lines += [f"  env      {key}={_show(key, value)}" for key, value in deployment.env.items()]
        lines.append("  command  " + wrap_command(deployment.argv, "           "))
        lines += [f"  file     {name}" for name in deployment.files]
    return "\n".join(lines) + "\n"


def wrap_command(argv: tuple[str, ...], indent: str, width: int = 110) -> str:
    """A command that can be pasted, broken before flags."""
    lines: list[str] = []
    current = ""
    for group in _flag_groups(argv):
        if current and len(current) + len(group) + 1 > width:
            lines.append(current)
            current = group
        else:
            current = f"{current} {group}".strip()
    return f" \\\n{indent}  ".join([*lines, current])


def _flag_groups(argv: tuple[str, ...]) -> list[str]:
    groups: list[list[str]] = [[]]
    for word in argv:
        if word.startswith("--"):
            groups.append([])
        flag = groups[-1][0] if groups[-1] else ""
        groups[-1].append(_show(flag, word) if flag.startswith("--") else hide_secrets(shlex.quote(word)))
    return [" ".join(group) for group in groups if group]


def _show(name: str, value: str) -> str:
    """One value as a shell takes it, or that it is hidden."""
    return HIDDEN if holds_secret(name, value) else shlex.quote(value)
