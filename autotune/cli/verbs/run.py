"""autotune run: the whole way, from overrides to a Pareto frontier."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.inputs import add_inputs, announce, read_inputs
from autotune.cli.outcome import show_outcome
from autotune.cli.output import print_diagnostics, say
from autotune.cli.store_option import add_store
from autotune.compose.overrides import split_launcher
from autotune.diagnostics import diagnostic
from autotune.run import run_points
from autotune.run.limit import learns, limit_points
from autotune.run.progress import make_reporter
from autotune.store import RunInputs, Store
from autotune.workspace.files import read_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint
    from autotune.inputs import Inputs

EPILOG = """\
The executor is chosen with executor=local, executor=emulated or executor=auto (the default, which says what it took).
hydra/launcher=submitit_slurm runs each server's points in a Slurm job of their own (docs/running.md).
The same command goes on with a run that was interrupted. Ctrl-C stops politely and removes what was started; twice, at once.
Exit codes: 0 done, 1 some points failed, 2 the input is wrong, 130 interrupted."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_inputs(parser)
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    inputs = read_inputs(args)
    points = inputs.compile()
    announce(points, inputs.notes())
    recorded = record_inputs(inputs, args)
    launching, _ = split_launcher(args.words)
    if launching:
        from autotune.cli.launch import run_launched

        return run_launched(_limit(points, launched=True), recorded, args.store, launching)
    return run_compiled(points, recorded, args.store)


def run_compiled(
    points: Sequence[CompiledPoint], inputs: RunInputs, store: str | None, run_id: str | None = None
) -> int:
    """Run compiled points, as many as optimization.max_experiments allows, and show what came of them."""
    points = _limit(points)
    with Store(store) as opened:
        with make_reporter() as reporter:
            summary = run_points(points, store=opened, inputs=inputs, reporter=reporter, run_id=run_id)
        show_outcome(opened.find_run(summary.run_id), summary.results, summary.folder)
    return summary.exit_code


def _limit(points: Sequence[CompiledPoint], *, launched: bool = False) -> list[CompiledPoint]:
    """The points to run. A strategy that learns cannot wait for jobs that are `launched` together (AT115)."""
    config = next(point.config for point in points if point.runnable)
    assert config is not None
    wanted = config.optimization
    if launched and learns(points):
        print_diagnostics([
            diagnostic("AT115", f"optimization.strategy={wanted.strategy} cannot choose by results among jobs that are launched together; the points are run as the grid gives them",
                       path="optimization.strategy", help="leave hydra/launcher out, or set optimization.strategy=grid or random")
        ])  # fmt: skip
    chosen = limit_points(points, grid=launched)
    if len(chosen) < len(points):
        runnable, run = (sum(point.runnable for point in items) for items in (points, chosen))
        say(f"optimization.max_experiments={wanted.max_experiments}: {run} of {runnable} points are run")
    return chosen


def record_inputs(inputs: Inputs, args: argparse.Namespace) -> RunInputs:
    """What `autotune resume` needs to compile the same points again."""
    return RunInputs(
        overrides=inputs.overrides,
        task=None if inputs.task is None else read_text(Path(inputs.task), "task file"),
        task_path=inputs.task,
        cwd=str(Path.cwd()),
        multirun=args.multirun,
        config_dirs=tuple(args.config_dir),
        denied=tuple(sorted(inputs.denied)),
    )
