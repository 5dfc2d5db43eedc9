#!/usr/bin/env python3
"""How far predictions are from what was really measured: the roofline as it is shipped and calibrated, and aiconfigurator.

    pip install --no-deps aiconfigurator-core==0.12.0     # the measurements
    pip install '.[predict]'                              # aiconfigurator as a predictor too
    python benchmarks/predict.py

On the landscapes of benchmarks/silicon.py: everything that was measured of one model on one GPU for one input and output
length. A landscape's calibration is fitted without it, and without those that share a measurement with it; nothing of it is
used for weights or slopes either. Prints TPOT and TTFT errors (mean of |predicted - measured| / measured) and Spearman's rank
correlation of throughput by GPU for each landscape, and the medians: over all, over those of the models that the roofline's
constants were adjusted on, and over the others. Then how long a space of 324 points takes to predict, beside the same without
what the points share. `--json FILE` writes every figure.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

from silicon import RATE, TPOT, TTFT, Landscape, Row, landscapes

import autotune
from autotune.bench.loads import expand_loads
from autotune.predict import PREDICTORS, UnpredictableError
from autotune.predict.correction import Correction, Sample, fit_correction
from autotune.predict.pair import subject_of
from autotune.predict.steady import _full
from autotune.verify.rank import spearman

#: Models whose rows the constants of the roofline were adjusted on (autotune/predict/efficiency.py); DeepSeek-V3 shares rows.
ADJUSTED_ON = ("DeepSeek-R1", "DeepSeek-V3", "Qwen3-32B", "MiniMax-M2.5")
KINDS = ("shipped", "calibrated", "aiconfigurator")
SWEEP = (
    "model.id=Qwen/Qwen3-32B", "system.gpu=h100_sxm", "executor=emulated", "parallel.tp=1,2,4,8",
    "quantization.gemm_mode=bf16,fp8,nvfp4", "scheduling.max_running_requests=64,128,256",
    "memory.mem_fraction_static=0.85,0.9,0.95", "benchmark.num_concurrency=4,32,128",
)  # fmt: skip


class Errors(NamedTuple):
    """Of one landscape: means of relative errors, and Spearman's rank correlation of throughput by GPU."""

    tpot: float
    ttft: float
    rank: float


class Said(NamedTuple):
    """What a predictor says of one row: ms."""

    row: Row
    ttft: float
    tpot: float


def main() -> int:
    args = parse_arguments()
    found = places(args.rows)
    families = sorted({item.family for item in found})
    with ProcessPoolExecutor(args.processes) as pool:
        jobs = [(args.rows, family) for family in families]
        corrections = dict(zip(families, pool.map(without, jobs), strict=True))
        others = pool.map(ask_aiconfigurator, [(args.rows, item.name) for item in found])
        by_name = dict(zip((item.name for item in found), others, strict=True))
    print(f"{len(found)} landscapes, {sum(len(item.rows) for item in found)} configs; each: {' | '.join(KINDS)}")
    told: dict[str, dict[str, Errors | None]] = {}
    for item in found:
        ttft, tpot = corrections[item.family]
        raw = [Said(row, row.predicted[TTFT], row.predicted[TPOT]) for row in item.rows]
        subjects = [subject_of(row.config, row.facts, row.load) for row in item.rows]
        fitted = [
            Said(one.row, one.ttft * ttft.factor(subject), one.tpot * tpot.factor(subject))
            for one, subject in zip(raw, subjects, strict=True)
        ]
        theirs = [
            Said(row, *answer) for row, answer in zip(item.rows, by_name[item.name], strict=True) if answer is not None
        ]
        told[item.name] = dict(
            zip(KINDS, (errors(item, said) if said else None for said in (raw, fitted, theirs)), strict=True)
        )
        print(f"{item.name:36}{len(item.rows):>4}  {in_words(told[item.name])}")
    halves = {
        "all": found,
        "adjusted on": [item for item in found if item.model in ADJUSTED_ON],
        "not adjusted on": [item for item in found if item.model not in ADJUSTED_ON],
    }
    for name, chosen in halves.items():
        told[f"median, {name}"] = {kind: median([told[item.name][kind] for item in chosen]) for kind in KINDS}
        print(f"{f'median over {len(chosen)} ({name})':40}  {in_words(told[f'median, {name}'])}")
    answered = sum(answer is not None for answers in by_name.values() for answer in answers)
    print(f"aiconfigurator answered for {answered} configs")
    data = {name: {kind: item and item._asdict() for kind, item in kinds.items()} for name, kinds in told.items()}
    if args.json is not None:
        args.json.write_text(json.dumps({"errors": data, "answered": answered, "speed": speed()}, indent=1) + "\n")
    else:
        speed()
    return 0


@cache
def places(rows: str | None) -> list[Landscape]:
    return landscapes(rows)


def without(job: tuple[str | None, str]) -> tuple[Correction, Correction]:
    """Corrections of TTFT and TPOT fitted to every landscape outside of a family."""
    rows, family = job
    kept = [item for item in places(rows) if item.family != family]

    def fit(metric: str) -> Correction:
        fitted = fit_correction(
            [
                Sample(
                    subject_of(row.config, row.facts, row.load),
                    math.log(row.measured[metric] / row.predicted[metric]),
                    item.family,
                )
                for item in kept
                for row in item.rows
            ]
        )
        assert fitted is not None
        return fitted.correction

    return fit(TTFT), fit(TPOT)


def ask_aiconfigurator(job: tuple[str | None, str]) -> list[tuple[float, float] | None]:
    """(TTFT, TPOT) of each row of a landscape, None where it cannot say or is not installed."""
    rows, name = job
    (item,) = (one for one in places(rows) if one.name == name)
    answers: list[tuple[float, float] | None] = []
    for row in item.rows:
        try:
            found = PREDICTORS["aiconfigurator"].predict(row.config, row.facts, row.load).measurement
            answers.append((found.ttft_ms["mean"], found.tpot_ms["mean"]))
        except (UnpredictableError, ImportError):
            answers.append(None)
    return answers


def errors(item: Landscape, said: list[Said]) -> Errors:
    """Throughput follows from the latencies by Little's law, as that of the rows does."""
    rates = [
        one.row.measured[RATE]
        * (one.row.measured[TTFT] + (item.osl - 1) * one.row.measured[TPOT])
        / (one.ttft + (item.osl - 1) * one.tpot)
        for one in said
    ]
    return Errors(
        statistics.fmean(abs(one.tpot / one.row.measured[TPOT] - 1) for one in said),
        statistics.fmean(abs(one.ttft / one.row.measured[TTFT] - 1) for one in said),
        spearman(rates, [one.row.measured[RATE] for one in said]),
    )


def median(of: list[Errors | None]) -> Errors | None:
    known = [item for item in of if item is not None]
    return Errors(*(statistics.median(item[place] for item in known) for place in range(3))) if known else None


def in_words(kinds: dict[str, Errors | None]) -> str:
    def row(name: str, form: str) -> str:
        return " | ".join(f"{getattr(item, name):{form}}" if item else "  -" for item in kinds.values())

    return f"TPOT {row('tpot', '4.0%')}   TTFT {row('ttft', '4.0%')}   rank {row('rank', '.2f')}"


def speed() -> dict[str, float]:
    """CPU seconds for every point of a space of 324, compiled beforehand, at the least of three times."""
    points = [point for point in autotune.compile(SWEEP) if point.config is not None and point.facts is not None]

    def predict_all(*, alone: bool) -> float:
        _full.cache_clear()
        began = time.process_time()
        for point in points:
            assert point.config is not None
            assert point.facts is not None
            for load in expand_loads(point.config.benchmark, point.config.runtime):
                if alone:
                    _full.cache_clear()
                PREDICTORS["roofline"].predict(point.config, point.facts, load)
        return time.process_time() - began

    shared, alone = (min(predict_all(alone=way) for _ in range(3)) for way in (False, True))
    print(
        f"{len(points)} points predicted in {shared:.2f} CPU s ({len(points) / shared:,.0f} points/s), "
        f"{alone / shared:.1f} times as fast as point by point ({alone:.2f} s)"
    )
    return {"points": len(points), "seconds": shared, "seconds_point_by_point": alone}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", help="silicon_sample.csv (default: the installed package's)")
    parser.add_argument("--processes", type=int, help="fits at once (default: as many as cores)")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
