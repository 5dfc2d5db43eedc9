"""The Python API: the same functions that the command line calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.compiler import compile_points
from autotune.compose.overrides import format_value, parse_overrides
from autotune.compose.points import compose_sweep
from autotune.compose.settings import Dimension, UseProfiles, setting_for
from autotune.compose.task_file import read_task
from autotune.diagnostics import Diagnostic, Source, Writer
from autotune.layers import parse_yaml
from autotune.workspace.files import read_text, shown
from autotune.workspace.load import Workspace, load_workspace

if TYPE_CHECKING:
    from autotune.compiled import CompiledPoint


def read_dimensions(
    workspace: Workspace, task: str | Path | None, overrides: Sequence[str], *, multirun: bool
) -> list[Dimension]:
    """What a task file and a command line say, in order: the file first, so that the command line wins.

    Raises InputError for a file that cannot be read and for everything wrong in it and in the overrides.
    """
    dimensions: list[Dimension] = []
    groups, options = workspace.composer.groups, workspace.composer.options
    if task is not None:
        source = parse_yaml(read_text(Path(task), "task file"), shown(Path(task)))
        dimensions += read_task(source, groups, options)
    return dimensions + parse_overrides(overrides, groups, options, sweeps=multirun)


def compile_dimensions(workspace: Workspace, dimensions: Sequence[Dimension]) -> Iterator[CompiledPoint]:
    """Compose and compile each point of a sweep, in order."""
    return compile_points(compose_sweep(dimensions, workspace.composer), workspace.world)


def shadow_notes(workspace: Workspace, dimensions: Iterable[Dimension]) -> list[Diagnostic]:
    """Notes about chosen profiles that hide built-in ones."""
    names = {
        name
        for dimension in dimensions
        for alternative in dimension.alternatives
        for setting in alternative
        if isinstance(setting, UseProfiles)
        for name in setting.names
    }
    return workspace.shelf.shadow_notes(names)


def compile(  # noqa: A001 - the verb that users type
    overrides: Mapping[str, Any] | Sequence[str] = (),
    *,
    profiles: Sequence[str] = (),
    sweep: Mapping[str, Sequence[Any]] | None = None,
    task: str | Path | None = None,
    config_dirs: Iterable[str] = (),
) -> list[CompiledPoint]:
    """Compile a sweep without running anything.

    `overrides` maps dotted paths (or config groups) to values, or is a list of overrides as typed on a command line,
    sweeps included. `sweep` maps dotted paths to the values to try; every combination is one point.

    >>> import autotune
    >>> points = autotune.compile({"model.id": "Qwen/Qwen3-32B"}, profiles=["fp8_quantized"], sweep={"parallel.tp": [2, 4]})
    >>> [point.deployment.gpus for point in points]
    [2, 4]
    """
    workspace = load_workspace(config_dirs)
    texts = () if isinstance(overrides, Mapping) else overrides
    dimensions = read_dimensions(workspace, task, texts, multirun=True)
    groups = workspace.composer.groups
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            dimensions.append(_said(key, [value], groups, swept=False))
    if profiles:
        dimensions.append(_said("profile", [list(profiles)], groups, swept=False))
    for key, values in (sweep or {}).items():
        dimensions.append(_said(key, list(values), groups, swept=True))
    return list(compile_dimensions(workspace, dimensions))


def _said(key: str, values: list[Any], groups: Iterable[str], *, swept: bool) -> Dimension:
    known = frozenset(groups)
    texts = [f"{key}={format_value(value)}" for value in values]
    source = Source.SWEEP if swept else Source.USER
    return Dimension(
        tuple(
            (setting_for(key, value, known, Writer(source, override=text), text),)
            for value, text in zip(values, texts, strict=True)
        ),
        swept=swept,
    )
