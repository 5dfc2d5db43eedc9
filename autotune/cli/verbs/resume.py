"""autotune resume: go on with a run that was interrupted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.inputs import Inputs, announce
from autotune.cli.output import say
from autotune.cli.store_option import add_store
from autotune.cli.verbs.run import run_compiled
from autotune.compose.overrides import parse_overrides
from autotune.compose.task_file import read_task
from autotune.diagnostics import InputError, diagnostic
from autotune.layers import parse_yaml
from autotune.store import RunRecord, Store, store_place
from autotune.workspace.load import load_workspace

if TYPE_CHECKING:
    import argparse

EPILOG = """\
The points are compiled again from what was typed then, and the task file as it was then; finished points are not run again."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="id of the run, or its beginning (default: the latest unfinished one)"
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    # Before the folder changes: a relative file is relative to where the command was typed.
    named = args.store or store_place()
    place = named if "://" in named else str(Path(named).expanduser().absolute())
    with Store(place) as store:
        record = store.find_run(args.run) if args.run is not None else _latest_unfinished(store)
    inputs = record.inputs
    if inputs.cwd and Path(inputs.cwd).is_dir():
        # Relative paths and ./profiles mean what they meant when the run was started.
        os.chdir(inputs.cwd)
    workspace = load_workspace(inputs.config_dirs)
    groups, options = workspace.composer.groups, workspace.composer.options
    dimensions = (
        []
        if inputs.task is None
        else read_task(parse_yaml(inputs.task, inputs.task_path or "task file"), groups, options)
    )
    dimensions += parse_overrides(inputs.overrides, groups, options, sweeps=inputs.multirun)
    said = Inputs(workspace, inputs.task_path, inputs.overrides, tuple(dimensions), frozenset(inputs.denied))
    points = said.compile()
    announce(points)
    say(f"going on with run {record.run_id}")
    return run_compiled(points, inputs, place, record.run_id)


def _latest_unfinished(store: Store) -> RunRecord:
    if (record := store.latest_unfinished()) is not None:
        return record
    raise InputError(
        diagnostic("AT031", "there is no unfinished run", help="`autotune results` shows the finished ones")
    )
