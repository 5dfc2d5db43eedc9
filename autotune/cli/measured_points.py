"""What `autotune verify` is asked about: the measured results of runs, or of the points that overrides mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.api import read_dimensions
from autotune.cli.inputs import is_task, read_inputs
from autotune.cli.output import print_diagnostics
from autotune.diagnostics import InputError, diagnostic
from autotune.store import Store
from autotune.stored_points import StoredPoint, rebuild
from autotune.verifying import measured_results, usable_points
from autotune.workspace.load import load_workspace

if TYPE_CHECKING:
    import argparse

    from autotune.inputs import Inputs
    from autotune.store import Result, RunRecord


def measured_points(args: argparse.Namespace) -> list[StoredPoint]:
    """The results that are meant, compiled anew. Raises InputError: AT031, AT060, AT061, and what the compiler says."""
    names = [word for word in args.words if "=" not in word and not word.startswith("~") and not is_task(word)]
    rest = [word for word in args.words if word not in names]
    with Store(args.store) as store:
        if rest and not names:
            inputs = read_inputs(args, rest)
            return _of_points(store, inputs)
        workspace = load_workspace()
        said = read_dimensions(workspace, None, rest, multirun=False)
        runs = [store.find_run(name) for name in names] or [store.find_run()]
        found = [(run, store.results(run.run_id)) for run in {run.run_id: run for run in runs}.values()]
    return usable_points(found, workspace, said)


def _of_points(store: Store, inputs: Inputs) -> list[StoredPoint]:
    """The points of a task or of overrides, from the latest run that measured each."""
    ids = {point.id for point in inputs.compile()}
    found: list[tuple[RunRecord, list[Result]]] = []
    missing = set(ids)
    for name in store.runs_of_points(ids):
        if results := measured_results(store.some_results(name, sorted(missing))):
            found.append((store.find_run(name), results))
            missing -= {item.point_id for item in results}
        if not missing:
            break
    if not found:
        raise InputError(
            diagnostic("AT060", f"none of the {len(ids)} points has been measured" if len(ids) > 1 else "this point has not been measured",
                       help="`autotune run` with the same words measures; `autotune results --list` shows what there is")
        )  # fmt: skip
    if missing:
        print_diagnostics([diagnostic("AT160", f"{len(missing)} of {len(ids)} points left out: not measured yet", help="`autotune run` with the same words goes on")])  # fmt: skip
    return [point for run, results in found for point in rebuild(run, results, inputs.workspace, ())]
