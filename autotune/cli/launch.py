"""Runs in jobs that one of Hydra's launchers starts: one for each server, with every point that it serves."""

from __future__ import annotations

import functools
import os
import pickle
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.cli.outcome import stdout_console
from autotune.cli.output import print_diagnostics, say
from autotune.compose.launcher import job_number, launch
from autotune.diagnostics import InputError
from autotune.report import render_table
from autotune.resources import folder
from autotune.run import make_reporter, run_points
from autotune.run.plan import group_points
from autotune.store import RunInputs, Store
from autotune.store.places import data_dir, make_private

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint

_STORE = "AUTOTUNE_STORE"


@dataclass(frozen=True, slots=True)
class Job:
    """The points of one server, as they were compiled."""

    points: tuple[CompiledPoint, ...]
    inputs: RunInputs


@dataclass(frozen=True, slots=True)
class Done:
    """What a job comes back with: its exit code, and its run, if it came to one."""

    exit_code: int
    run_id: str | None = None


def run_launched(points: Sequence[CompiledPoint], inputs: RunInputs, store: str | None, words: list[str]) -> int:
    """Run compiled points in jobs, wait for them, and show what is in the store then. The worst of the jobs' exit codes.

    The jobs find their points in files of the data folder, and the store by the environment: no file holds its password.
    """
    if store is not None:
        os.environ[_STORE] = store if "://" in store else str(Path(store).expanduser().absolute())
    groups = group_points(point for point in points if point.runnable)
    jobs = make_private(
        data_dir().absolute() / "launched" / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{os.getpid()}"
    )
    for number, group in enumerate(groups):
        (jobs / f"{number}.job").write_bytes(pickle.dumps(Job(group.points, inputs)))
    say(f"{len(groups)} job{'' if len(groups) == 1 else 's'}, one a server; their logs: {jobs}")
    returned = launch(folder("conf"), words, len(groups), jobs, functools.partial(run_job, str(jobs)))
    done = []
    for number, answer in enumerate(returned):
        if not isinstance(answer, Done):
            say(f"job {number} ended without an answer: {answer}")
        done.append(answer if isinstance(answer, Done) else Done(1))
    for file in jobs.glob("*.job"):
        file.unlink()
    runs = [item.run_id for item in done if item.run_id is not None]
    with Store(None) as opened:
        results = [result for run_id in runs for result in opened.results(run_id)]
    if results:
        render_table(results, stdout_console())
    sys.stdout.writelines(f"run {run_id}\n" for run_id in runs)
    return max(item.exit_code for item in done)


def run_job(jobs: str, _config: Any) -> Done:
    """One job, in a process of its own, perhaps on another machine: a run of its points."""
    job: Job = pickle.loads((Path(jobs) / f"{job_number()}.job").read_bytes())  # noqa: S301 - written above
    try:
        with Store(None) as store, make_reporter() as reporter:
            summary = run_points(job.points, store=store, inputs=job.inputs, reporter=reporter)
    except InputError as error:
        print_diagnostics(error.diagnostics)
        return Done(2)
    return Done(summary.exit_code, summary.run_id)
