"""The inputs of a stored run, read again as they were typed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.inputs import Inputs
from autotune.compose.overrides import parse_overrides
from autotune.compose.task_file import read_task
from autotune.layers import parse_yaml
from autotune.workspace.load import load_workspace

if TYPE_CHECKING:
    from autotune.store import RunInputs


def folder_of(inputs: RunInputs) -> contextlib.AbstractContextManager[None]:
    """The folder that relative paths and ./profiles were meant from, while it is entered; this one where that is gone."""
    there = bool(inputs.cwd) and Path(inputs.cwd).is_dir()
    return contextlib.chdir(inputs.cwd) if there else contextlib.nullcontext()


def read_recorded(inputs: RunInputs) -> Inputs:
    """What was said then. To be called within `folder_of`. Raises InputError for what cannot be read any more."""
    workspace = load_workspace(inputs.config_dirs)
    groups, options = workspace.composer.groups, workspace.composer.options
    dimensions = (
        []
        if inputs.task is None
        else read_task(parse_yaml(inputs.task, inputs.task_path or "task file"), groups, options)
    )
    dimensions += parse_overrides(inputs.overrides, groups, options, sweeps=inputs.multirun)
    return Inputs(workspace, inputs.task_path, inputs.overrides, tuple(dimensions), frozenset(inputs.denied))
