"""autotune predict: what a measurement would give, by formula; always labelled predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.cli.inputs import add_inputs, announce, read_inputs
from autotune.cli.output import print_diagnostics, print_json, say
from autotune.cli.tables import print_table
from autotune.comparing import calibrate, outdated
from autotune.diagnostics import InputError
from autotune.inputs import labels
from autotune.predict import PREDICTORS, Prediction
from autotune.predicted_points import predict_points, prediction_data
from autotune.report.number import show_number
from autotune.workspace.calibrations import KeptCalibration, find_calibration

if TYPE_CHECKING:
    import argparse

    from autotune.compiled import CompiledPoint
    from autotune.metrics import Measurement

EPILOG = """\
The figures rank configs and find the impossible; they are no measurements. The roofline rests on data sheets and documented
efficiencies and knows every model and GPU of the catalog; aiconfigurator interpolates in kernels that NVIDIA measured, for
its own GPUs, and is an extra: pip install 'llm-autotune[predict]'. Exit code 1 where it cannot say anything of some points."""


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
    runnable = announce(points, inputs.notes())
    print_diagnostics(outdated(PREDICTORS[args.predictor], kept))
    predicted, refused = predict_points(runnable, predictor)
    if not predicted:
        raise InputError(*refused, labels=names)
    print_diagnostics(refused, labels=names)
    if args.format == "json":
        print_json(
            [
                prediction_data(point, prediction, None if kept is None else kept.label)
                for point, prediction in predicted
            ]
        )
    else:
        print_table(
            ("point", "load", "GPUs", "TTFT ms", "TPOT ms", "tok/s", "tok/s/GPU", "tok/s/user"),
            [_cells(names[point.id], point, prediction.measurement) for point, prediction in predicted],
            right=range(2, 8),
        )
        for said in dict.fromkeys(_said(prediction, kept) for _, prediction in predicted):
            say(said)
    return 1 if refused else 0


def _said(prediction: Prediction, kept: KeptCalibration | None) -> str:
    by = f"{prediction.predictor} {prediction.version}"
    return f"PREDICTED by {by}{'' if kept is None else f', {kept.label}'}: {prediction.expected_error}"


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
