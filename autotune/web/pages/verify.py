"""Verify: what was predicted beside what was measured."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse

from autotune.api import read_dimensions
from autotune.catalog import find_gpu
from autotune.diagnostics import Diagnostic, InputError, diagnostic, suggest
from autotune.predict import PREDICTORS
from autotune.report.agreement_page import build_agreement
from autotune.verifying import Verified, verify_runs
from autotune.web.pages.rendering import render
from autotune.web.state import State, WebState
from autotune.workspace.calibrations import KeptCalibration, list_calibrations

router = APIRouter()

#: Runs that one may choose from; others are reached by their address.
_OFFERED = 100
_MOST_RUNS = 20
#: Runs that are looked at for measured ones, the latest.
_LOOKED_AT = 500
#: Pairs that the last table lists; the figures are over all of them.
_MOST_PAIRS = 200


class Wanted(BaseModel):
    """The form of the page: runs, who predicts, what corrects it, and the GPU of runs that do not say."""

    run: Annotated[list[str], Field(max_length=_MOST_RUNS)] = []
    predictor: str = ""
    calibration: str = ""
    gpu: str = ""


@router.get("/verify")
def verify(request: Request, state: State, wanted: Annotated[Wanted, Query()]) -> HTMLResponse:
    """The choice of runs, and for those that were chosen the verdict on a predictor. What is wrong with them stands in the
    page.
    """
    offered = [
        item
        for item in state.store.run_page(0, _LOOKED_AT)[0]
        if item.executor != "emulated" and item.counts.get("done")
    ]
    wrong: tuple[Diagnostic, ...] = ()
    shown: dict[str, Any] = {}
    notes: list[Diagnostic] = []
    if wanted.run:
        try:
            kept = _calibration(wanted.calibration)
            found = _verify(state, wanted, kept)
            shown = build_agreement(found.verdict, "" if kept is None else kept.label)
            notes = found.notes
        except InputError as error:
            wrong = error.diagnostics
    pairs = shown.get("pairs", [])
    return render(
        request, "verify", offered=offered[:_OFFERED], wanted=wanted, predictors=list(PREDICTORS),
        calibrations=[item.name for item in list_calibrations()[0]],
        wrong=wrong, notes=notes, agreement=shown or None, pairs=pairs[:_MOST_PAIRS], more=max(0, len(pairs) - _MOST_PAIRS),
        status=422 if wrong else 200,
    )  # fmt: skip


def _calibration(name: str) -> KeptCalibration | None:
    """One of those that are kept, by its name; a path is none."""
    if not name:
        return None
    kept = {item.name: item for item in list_calibrations()[0]}
    if name not in kept:
        raise InputError(diagnostic("AT062", f"no calibration is called {name}", help=suggest(name, kept)))
    return kept[name]


def _verify(state: WebState, wanted: Wanted, kept: KeptCalibration | None) -> Verified:
    reports = [state.runs.read(name).report for name in dict.fromkeys(wanted.run)]
    workspace = state.workspace
    gpu = wanted.gpu.strip()
    known = find_gpu(workspace.world.catalog, gpu).name if gpu else ""
    said = read_dimensions(workspace, None, [f"system.gpu={known}"], multirun=False) if gpu else ()
    runs = [(report.run, report.results) for report in reports]
    return verify_runs(runs, workspace, said, predictor=wanted.predictor or None, kept=kept)
