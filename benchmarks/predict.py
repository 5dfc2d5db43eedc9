#!/usr/bin/env python3
"""How far the roofline is from what was really measured, as it is shipped and calibrated.

    pip install --no-deps aiconfigurator-core==0.12.0
    python benchmarks/predict.py

On the landscapes of benchmarks/silicon.py: everything that was measured of one model on one GPU for one input and output
length. A landscape's calibration is fitted without it, and without those that share a measurement with it. Prints TPOT and
TTFT errors (mean of |predicted - measured| / measured) and Spearman's rank correlation of throughput by GPU for each
landscape, and the medians over landscapes; then how long a space of 324 points takes to predict. `--json FILE` writes every
figure.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from silicon import RATE, TPOT, TTFT, Landscape, landscapes

import autotune
from autotune.bench.loads import expand_loads
from autotune.predict import PREDICTORS
from autotune.predict.correction import Sample, fit_correction
from autotune.predict.pair import subject_of
from autotune.verify.rank import spearman

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


def main() -> int:
    args = parse_arguments()
    found = landscapes(args.rows)
    print(
        f"{len(found)} landscapes, {sum(len(item.rows) for item in found)} configs; each: as shipped -> calibrated without it"
    )
    logs = {metric: left_out(found, metric) for metric in (TTFT, TPOT)}
    told = {}
    for place, item in enumerate(found):
        raw = errors(item, [(1.0, 1.0)] * len(item.rows))
        factors = [
            tuple(math.exp(logs[metric][place][row]) for metric in (TTFT, TPOT)) for row in range(len(item.rows))
        ]
        calibrated = errors(item, factors)  # type: ignore[arg-type]
        told[item.name] = {"configs": len(item.rows), "shipped": raw._asdict(), "calibrated": calibrated._asdict()}
        print(f"{item.name:36}{len(item.rows):>4}  {in_words(raw, calibrated)}")
    medians = [
        Errors(*(statistics.median(item[kind][name] for item in told.values()) for name in Errors._fields))
        for kind in ("shipped", "calibrated")
    ]
    print(f"{'median over landscapes':40}  {in_words(*medians)}")
    told["median"] = {"shipped": medians[0]._asdict(), "calibrated": medians[1]._asdict()}
    told["speed"] = speed()
    if args.json is not None:
        args.json.write_text(json.dumps(told, indent=1) + "\n")
    return 0


def left_out(found: list[Landscape], metric: str) -> list[list[float]]:
    """By landscape and row, the logarithm of the factor that a calibration fitted without the landscape gives."""
    samples = [
        Sample(
            subject_of(row.config, row.facts, row.load),
            math.log(row.measured[metric] / row.predicted[metric]),
            item.family,
        )
        for item in found
        for row in item.rows
    ]
    fitted = fit_correction(samples)
    assert fitted is not None
    logs = iter(fitted.left_out)
    return [[next(logs) for _ in item.rows] for item in found]


def errors(item: Landscape, factors: list[tuple[float, float]]) -> Errors:
    """With TTFT and TPOT of each row multiplied by its factors; throughput follows by Little's law."""
    tpots, ttfts, rates = [], [], []
    for row, (ttft_factor, tpot_factor) in zip(item.rows, factors, strict=True):
        ttft, tpot = row.predicted[TTFT] * ttft_factor, row.predicted[TPOT] * tpot_factor
        ttfts.append(abs(ttft / row.measured[TTFT] - 1))
        tpots.append(abs(tpot / row.measured[TPOT] - 1))
        slower = (ttft + (item.osl - 1) * tpot) / (row.predicted[TTFT] + (item.osl - 1) * row.predicted[TPOT])
        rates.append(row.predicted[RATE] / slower)
    return Errors(
        statistics.fmean(tpots), statistics.fmean(ttfts), spearman(rates, [row.measured[RATE] for row in item.rows])
    )


def in_words(raw: Errors, calibrated: Errors) -> str:
    return (
        f"TPOT {raw.tpot:4.0%} -> {calibrated.tpot:4.0%}   TTFT {raw.ttft:4.0%} -> {calibrated.ttft:4.0%}   "
        f"rank {raw.rank:.2f} -> {calibrated.rank:.2f}"
    )


def speed() -> dict[str, float]:
    """CPU seconds for every point of a space of 324, compiled beforehand."""
    points = [point for point in autotune.compile(SWEEP) if point.config is not None and point.facts is not None]
    began = time.process_time()
    for point in points:
        assert point.config is not None
        assert point.facts is not None
        for load in expand_loads(point.config.benchmark, point.config.runtime):
            PREDICTORS["roofline"].predict(point.config, point.facts, load)
    taken = time.process_time() - began
    print(f"{len(points)} points predicted in {taken:.2f} CPU s, {1000 * taken / len(points):.2f} ms a point")
    return {"points": len(points), "seconds": taken}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", help="silicon_sample.csv (default: the installed package's)")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
