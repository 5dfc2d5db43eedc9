"""The inputs of a stored run, read again as they were typed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.inputs import Inputs, read_texts
from autotune.workspace.load import load_workspace

if TYPE_CHECKING:
    from autotune.store import RunInputs


def folder_of(inputs: RunInputs) -> contextlib.AbstractContextManager[None]:
    """The folder that relative paths and ./profiles were meant from, while it is entered; this one where that is gone."""
    there = bool(inputs.cwd) and Path(inputs.cwd).is_dir()
    return contextlib.chdir(inputs.cwd) if there else contextlib.nullcontext()


def read_recorded(inputs: RunInputs) -> Inputs:
    """What was said then. To be called within `folder_of`. Raises InputError for what cannot be read any more."""
    return read_texts(
        load_workspace(inputs.config_dirs), inputs.task, inputs.task_path, inputs.overrides,
        multirun=inputs.multirun, denied=inputs.denied,
    )  # fmt: skip
