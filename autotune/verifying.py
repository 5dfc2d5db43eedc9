"""Predictions laid against what stored runs measured: the steps that `autotune verify` and the web page share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autotune.comparing import Source, choose_source, compare_points, outdated
from autotune.diagnostics import Diagnostic, InputError, diagnostic
from autotune.predict import PREDICTORS
from autotune.report.rows import report_objectives
from autotune.stored_points import StoredPoint, rebuild
from autotune.verify.verdict import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compose.settings import Dimension
    from autotune.store import Result, RunRecord
    from autotune.verify.compared import Compared
    from autotune.workspace.calibrations import KeptCalibration
    from autotune.workspace.load import Workspace


class Verified(NamedTuple):
    """What came of it, and what was left out and why."""

    verdict: Verdict
    notes: list[Diagnostic]


def verify_runs(
    runs: Sequence[tuple[RunRecord, Sequence[Result]]],
    workspace: Workspace,
    said: Sequence[Dimension] = (),
    *,
    predictor: str | None = None,
    kept: KeptCalibration | None = None,
) -> Verified:
    """Judge a predictor by what these runs measured; `said` completes what their configs leave open.

    Raises InputError: AT004 for an unknown predictor, AT060 and AT061 for runs that cannot be compared, AT062 for a
    calibration of another predictor.
    """
    points = usable_points(runs, workspace, said)
    source = choose_source(predictor, [run for run, _ in runs], kept)
    pairs, notes = compare_points(points, source)
    if source.predictor is not None:
        notes += outdated(PREDICTORS[source.label], kept)
    return Verified(judge_points(pairs, points, source, kept), notes)


def usable_points(
    runs: Sequence[tuple[RunRecord, Sequence[Result]]], workspace: Workspace, said: Sequence[Dimension]
) -> list[StoredPoint]:
    """What the runs measured, compiled anew. Raises InputError: AT060 where they measured nothing, AT061 as `rebuild`."""
    measured = [(run, measured_results(results)) for run, results in runs]
    if not any(results for _, results in measured):
        raise InputError(*(_unusable(run, results) for run, results in runs))
    return [point for run, results in measured for point in rebuild(run, results, workspace, said)]


def judge_points(pairs: Sequence[Compared], points: Sequence[StoredPoint], source: Source, kept: KeptCalibration | None) -> Verdict:  # fmt: skip
    """What to make of the pairs. Raises InputError (AT060) where there is none."""
    if not pairs:
        raise InputError(diagnostic("AT060", f"nothing that was measured was predicted by {source.label}", help="the warnings above say why"))  # fmt: skip
    expected = ""
    if source.predictor is not None:
        first = points[0]
        expected = source.predictor.predict(first.config, first.facts, pairs[0].load).expected_error
    name = source.label if kept is None else f"{source.label}, {kept.label},"
    objectives = report_objectives([point.result for point in points])
    return judge(pairs, objectives, predictor=name, version=source.version, expected_error=expected)


def measured_results(results: Sequence[Result]) -> list[Result]:
    """Those that somebody measured, as opposed to an emulation."""
    return [item for item in results if item.kind == "measured" and item.measurements]


def _unusable(run: RunRecord, results: Sequence[Result]) -> Diagnostic:
    if any(item.kind == "emulated" for item in results):
        return diagnostic(
            "AT060",
            f"run {run.run_id} was emulated: its timing is the predictor's own, so there is nothing to verify",
            help="measure on a GPU (executor=local, docker, kubernetes), or take in what others measured: autotune results import DIR",
        )
    return diagnostic(
        "AT060",
        f"run {run.run_id} has no measured load",
        help="`autotune results RUN` shows how far it came; `autotune resume RUN` goes on",
    )
