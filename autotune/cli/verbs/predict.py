"""autotune predict: what a measurement would give, by formula; always labelled predicted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.bench.loads import expand_loads
from autotune.cli.comparing import calibrate, outdated
from autotune.cli.inputs import add_inputs, announce, labels, read_inputs
from autotune.cli.output import print_diagnostics, print_json, say
from autotune.cli.tables import print_table
from autotune.diagnostics import InputError, unique
from autotune.predict import PREDICTORS, Prediction
from autotune.report.number import show_number
from autotune.workspace.calibrations import KeptCalibration, find_calibration

if TYPE_CHECKING:
    import argparse

    from autotune.compiled import CompiledPoint
    from autotune.metrics import Measurement
    from autotune.predict import Predictor

EPILOG = """\
The figures rest on data sheets and documented efficiencies; they rank configs and find the impossible,
and are no measurements."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_inputs(parser, formats=("text", "json"))
    parser.add_argument("--predictor", choices=tuple(PREDICTORS), default=next(iter(PREDICTORS)), help="who predicts")
    parser.add_argument("--calibration", metavar="NAME|FILE", help="correct it by a calibration of `autotune verify`")


def run(args: argparse.Namespace) -> int:
    kept = None if args.calibration is None else find_calibration(args.calibration)
    predictor = calibrate(PREDICTORS[args.predictor], kept)
    inputs = read_inputs(args)
    points = inputs.compile()
    names = labels(points)
    print_diagnostics([*inputs.notes(), *(item for point in points for item in point.diagnostics)], labels=names)
    print_diagnostics(outdated(PREDICTORS[args.predictor], kept))
    predicted, refused = [], []
    for point in announce(points, inputs.notes()):
        try:
            predicted.append((point, _predict(point, predictor)))
        except InputError as error:
            refused += [replace(item, point=point.id) for item in error.diagnostics]
    if not predicted:
        raise InputError(*unique(replace(item, point=None) for item in refused))
    print_diagnostics(refused, labels=names)
    if args.format == "json":
        print_json([_row(point, prediction, kept) for point, predictions in predicted for prediction in predictions])
        return 0
    print_table(
        ("point", "load", "GPUs", "TTFT ms", "TPOT ms", "tok/s", "tok/s/GPU", "tok/s/user"),
        [_cells(names[point.id], point, item.measurement) for point, predictions in predicted for item in predictions],
        right=range(2, 8),
    )
    label = "" if kept is None else f", {kept.label}"
    say(f"PREDICTED by {args.predictor}{label}: {predicted[0][1][0].expected_error}")
    return 0


def _predict(point: CompiledPoint, predictor: Predictor) -> list[Prediction]:
    assert point.config is not None
    assert point.facts is not None
    loads = expand_loads(point.config.benchmark, point.config.runtime)
    return [predictor.predict(point.config, point.facts, load) for load in loads]


def _row(point: CompiledPoint, prediction: Prediction, kept: KeptCalibration | None) -> dict[str, object]:
    return {
        "point_id": point.id,
        "kind": "predicted",
        "predictor": prediction.predictor,
        "calibration": None if kept is None else kept.label,
        "expected_error": prediction.expected_error,
        "overrides": list(point.overrides),
        "metrics": prediction.measurement.as_dict(),
    }


def _cells(name: str, point: CompiledPoint, found: Measurement) -> tuple[str, ...]:
    assert point.deployment is not None
    return (
        name,
        found.load.label,
        str(point.deployment.gpus),
        show_number(found.ttft_ms.get("mean")),
        show_number(found.tpot_ms.get("mean")),
        show_number(found.output_tokens_per_s),
        show_number(found.output_tokens_per_s_per_gpu),
        show_number(found.output_tokens_per_s_per_user),
    )
