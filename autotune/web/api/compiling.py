"""Compile, check, emit and predict: nothing is started, nothing is written."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from autotune.diagnostics import InputError, has_errors, ordered, unique
from autotune.emit import emit_sweep, find_emitters
from autotune.engines import merge_loads
from autotune.predict import PREDICTORS
from autotune.predicted_points import predict_points, prediction_data
from autotune.web.api.refusals import refusals
from autotune.web.api.said import compile_said, findings, read_said
from autotune.web.api.shapes import Checked, Emitted, Emitting, Point, Predicted, Predicting, Said
from autotune.web.paging import answer
from autotune.web.problems import shown
from autotune.web.shown import files_without_secrets, point_data, without_secrets
from autotune.web.state import State

router = APIRouter(prefix="/api/v2", tags=["compiling"])


@router.post("/compile", response_model=list[Point], responses=refusals(404), summary="Every point of a sweep")
def compile_points(request: Request, said: Said, state: State) -> Response:
    """Flags, layers, origins and diagnostics of every point, as `autotune compile --format json` prints them; 422 with all
    diagnostics when no point can run.
    """
    points, _ = compile_said(state, said)
    return answer(request, [point_data(point) for point in points])


@router.post("/check", response_model=Checked, responses=refusals(404), summary="Every mistake at once")
def check(request: Request, said: Said, state: State) -> Response:
    """Findings, errors first. What is wrong with the sweep is the answer here, not a refusal."""
    points, found = [], []
    try:
        inputs = read_said(state, said)
        points = inputs.compile()
        found = findings(points, inputs.notes())
    except InputError as error:
        found = list(error.diagnostics)
    found = ordered(unique(found))
    return answer(request, {
        "ok": not has_errors(found), "points": len(points), "runnable": sum(point.runnable for point in points),
        "diagnostics": [shown(item) for item in found],
    })  # fmt: skip


@router.post("/emit", response_model=Emitted, responses=refusals(404), summary="Manifests")
def emit(request: Request, said: Emitting, state: State) -> Response:
    """The files of these targets, as `autotune emit` writes them."""
    find_emitters(said.targets)
    points, notes = compile_said(state, said)
    servers = merge_loads(point for point in points if point.runnable)
    files = files_without_secrets(emit_sweep(servers, said.targets), servers)
    return answer(request, {"files": files, "servers": len(servers), "diagnostics": [shown(item) for item in findings(points, notes)]})  # fmt: skip


@router.post("/predict", response_model=Predicted, responses=refusals(404), summary="What a measurement would give")
def predict(request: Request, said: Predicting, state: State) -> Response:
    """By formula, load by load; always labelled predicted. Points of which nothing can be said are in the diagnostics."""
    points, notes = compile_said(state, said)
    predicted, refused = predict_points([point for point in points if point.runnable], PREDICTORS[said.predictor])
    if not predicted:
        raise InputError(*refused)
    rows = [prediction_data(point, found, None) for point, found in predicted]
    for row in rows:
        row.pop("calibration")
    return answer(request, {"predictions": without_secrets(rows), "diagnostics": [shown(item) for item in [*findings(points, notes), *refused]]})  # fmt: skip
