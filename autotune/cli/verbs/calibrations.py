"""autotune calibrations: those that are kept, what is in one, and removing one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from autotune.cli.output import print_diagnostics, print_json, say
from autotune.cli.tables import print_table
from autotune.diagnostics import InputError, diagnostic
from autotune.predict.calibration import RATE, TPOT, TTFT, Calibration, Subject
from autotune.report.agreement import show_share
from autotune.workspace.calibrations import KeptCalibration, find_calibration, list_calibrations, remove_calibration

if TYPE_CHECKING:
    import argparse

#: What a calibration has factors for, with the names that people know them by.
FACTORS = {TTFT: "TTFT", TPOT: "TPOT", RATE: "tok/s/GPU"}

EPILOG = """\
Examples
  autotune calibrations
  autotune calibrations show mine
  autotune calibrations remove mine
`autotune verify RUN --calibrate` makes one."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="show NAME | remove NAME", help="one in detail, or away with it")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    match args.words:
        case []:
            return _list(args.format)
        case ["show", name]:
            kept = find_calibration(name)
            if args.format == "json":
                print_json(kept.as_dict())
            else:
                show_calibration(kept)
        case ["remove", name]:
            say(f"removed {remove_calibration(name)}")
        case words:
            raise InputError(
                diagnostic("AT004", f"`calibrations {' '.join(words)}` is not understood",
                           help="autotune calibrations, autotune calibrations show NAME, autotune calibrations remove NAME")
            )  # fmt: skip
    return 0


def show_calibration(kept: KeptCalibration) -> None:
    """Where it is from, its error with and without it, and its factors for each place that it was fitted to."""
    item = kept.calibration
    runs = ", ".join(kept.runs)
    sys.stdout.write(
        f"calibration {kept.name} of {item.predictor} {item.version}: {item.pairs} pairs of {kept.points} servers"
        f"{f', measured in {runs}' if runs else ''}{f', {kept.created_at}' if kept.created_at else ''}\n\n"
    )
    print_table(
        ("error, each server left out in turn", "pairs", "mean before", "after", "median before", "after"),
        [
            (FACTORS.get(metric, metric), str(error.pairs), *map(show_share, (error.raw_mean, error.mean, error.raw_median, error.median)))
            for metric, error in item.errors.items()
        ],
        right=range(1, 6),
    )  # fmt: skip
    sys.stdout.write("\n")
    print_table(
        ("factors for", "pairs", *FACTORS.values()),
        [
            (place, str(item.coverage[place]), *(f"x{factor:.2f}" for factor in factors.values()))
            for place, factors in place_factors(item).items()
        ],
        right=range(1, 5),
    )


def place_factors(calibration: Calibration) -> dict[str, dict[str, float]]:
    """By `engine gpu quantization` the factor of each metric, as it is for no model in particular."""
    return {
        place: {metric: calibration.factor(metric, _subject(place)) for metric in FACTORS}
        for place in calibration.coverage
    }


def _subject(place: str) -> Subject:
    """A place as a calibration counts its pairs by: `engine gpu quantization`."""
    engine, gpu, quantization = [*place.split(" "), "", "", ""][:3]
    return Subject(engine, gpu, quantization)


def _list(form: str) -> int:
    found, wrong = list_calibrations()
    if form == "json":
        print_json([item.as_dict() for item in found])
    elif found:
        print_table(
            ("name", "predictor", "pairs", "servers", "TTFT error", "TPOT error", "tok/s/GPU error", "made"),
            [
                (
                    item.name,
                    f"{item.calibration.predictor} {item.calibration.version}",
                    str(item.calibration.pairs),
                    str(item.points),
                    *(_change(item, metric) for metric in FACTORS),
                    item.created_at[:16].replace("T", " "),
                )
                for item in found
            ],
            right=(2, 3),
        )
    else:
        say("none is kept; `autotune verify RUN --calibrate` makes one")
    print_diagnostics(wrong)
    return 0


def _change(kept: KeptCalibration, metric: str) -> str:
    error = kept.calibration.errors.get(metric)
    return "-" if error is None else f"{show_share(error.raw_mean)} -> {show_share(error.mean)}"
