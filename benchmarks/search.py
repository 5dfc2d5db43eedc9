#!/usr/bin/env python3
"""How many experiments each strategy needs for 95 % of the hypervolume, on landscapes that were really measured.

    pip install --no-deps aiconfigurator-core==0.12.0
    python benchmarks/search.py                     # the half that choices were not made on
    python benchmarks/search.py --half chosen_on    # the other one

A landscape is everything that was measured of one model on one GPU for one input and output length (benchmarks/silicon.py).
Objectives: output tokens per second and GPU, and time per output token; the hypervolume is in their own units with the worst
point as reference. Each strategy starts anew for every seed and is told what was measured. two_stage and hybrid predict with
the roofline as it is shipped. Beside them: points at random, Optuna's TPE and NSGA-II (what they suggest is moved to the
nearest point that was not tried), and an oracle that knows every value and takes what adds most. Prints a table and, with
`--json FILE`, writes every figure.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from silicon import RATE, TPOT, landscapes

from autotune.score.hypervolume import hypervolume, hypervolume_gain, worst_of
from autotune.search import make_strategy

if TYPE_CHECKING:
    from collections.abc import Callable

OBJECTIVES = {RATE: "max", TPOT: "min"}
SHARE = 0.95
#: Which models choices were made on; what is reported is of the others.
CHOSEN_ON = ("DeepSeek-R1", "DeepSeek-V3", "Qwen3-32B", "MiniMax-M2.5")
#: What follows from the other settings: batch is concurrency by replica, gpus the product of the parallel sizes.
IMPLIED = ("batch", "gpus")
OURS = ("progressive_pareto", "two_stage", "hybrid")
OTHERS = ("bayesian", "optuna_tpe", "optuna_nsga2", "random", "oracle")


def main() -> int:
    args = parse_arguments()
    chosen = [item for item in spaces(args.rows) if args.half == "all" or item.chosen_on == (args.half == "chosen_on")]
    print(f"{len(chosen)} landscapes ({args.half}), {args.seeds} seeds: experiments for {SHARE:.0%} of the hypervolume")
    print(f"{'strategy':20}{'median':>8}{'mean':>8}{'9 in 10':>9}{'most':>6}{'ms an ask':>11}")
    found: dict[str, Any] = {}
    jobs = {
        name: [
            (args.rows, item.name, name, seed)
            for item in chosen
            for seed in range(1 if name == "oracle" else args.seeds)
        ]
        for name in args.strategies
    }
    with ProcessPoolExecutor(args.processes) as pool:
        for name, work in jobs.items():
            answers = list(pool.map(run_job, work))
            counts = sorted(count for count, _ in answers)
            asked = 1000 * sum(seconds for _, seconds in answers) / sum(counts)
            ninth = counts[min(len(counts) - 1, int(0.9 * len(counts)))]
            print(
                f"{name:20}{statistics.median(counts):>8g}{statistics.mean(counts):>8.1f}{ninth:>9}{counts[-1]:>6}{asked:>11.1f}",
                flush=True,
            )
            found[name] = {
                "median": statistics.median(counts), "mean": statistics.mean(counts), "nine_in_ten": ninth, "most": counts[-1],
                "ms_an_ask": asked, "by_landscape": [[*job[1:], count] for job, (count, _) in zip(work, answers, strict=True)],
            }  # fmt: skip
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


class Space(NamedTuple):
    """One landscape: `points` (what differs between its configs), `measured` and `predicted` run in parallel."""

    name: str
    chosen_on: bool
    points: list[dict[str, Any]]
    measured: list[dict[str, float]]
    predicted: list[dict[str, float]]


@cache
def spaces(rows: str | None) -> list[Space]:
    found = []
    for item in landscapes(rows):
        whole = [row.point for row in item.rows]
        differing = [
            name for name in whole[0] if name not in IMPLIED and len({str(point[name]) for point in whole}) > 1
        ]
        points = [{name: point[name] for name in differing} for point in whole]
        measured, predicted = ([getattr(row, kind) for row in item.rows] for kind in ("measured", "predicted"))
        found.append(Space(item.name, item.model in CHOSEN_ON, points, measured, predicted))
    return found


def run_job(job: tuple[str | None, str, str, int]) -> tuple[int, float]:
    """(experiments needed, seconds spent on choosing) of one strategy with one seed on one landscape."""
    rows, name, strategy, seed = job
    landscape = next(item for item in spaces(rows) if item.name == name)
    values = [(-item[RATE], item[TPOT]) for item in landscape.measured]
    reference = worst_of(values)
    wanted = SHARE * hypervolume(values, reference)
    if strategy == "oracle":
        return oracle(values, reference, wanted), 0.0
    ask, tell = asking(strategy, landscape, seed)
    taken: list[tuple[float, ...]] = []
    spent = 0.0
    while hypervolume(taken, reference) < wanted:
        began = time.perf_counter()
        index = ask()
        tell(index, landscape.measured[index])
        spent += time.perf_counter() - began
        taken.append(values[index])
    return len(taken), spent


def asking(name: str, landscape: Space, seed: int) -> tuple[Callable[[], int], Callable[[int, dict[str, float]], None]]:
    """What to ask and to tell, with a limit that never ends the search."""
    if name.startswith("optuna"):
        return optuna_asking(name, landscape, seed)
    predictor = landscape.predicted if name in ("two_stage", "hybrid") else None
    strategy = make_strategy(
        name,
        landscape.points,
        objectives=OBJECTIVES,
        seed=seed,
        predictor=predictor,
        max_experiments=len(landscape.points),
    )  # type: ignore[arg-type]

    def ask() -> int:
        index = strategy.ask()
        assert index is not None
        return index

    return ask, strategy.tell


def optuna_asking(
    name: str, landscape: Space, seed: int
) -> tuple[Callable[[], int], Callable[[int, dict[str, float]], None]]:
    """Optuna's own samplers with their defaults, over one categorical or whole-numbered parameter a setting."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    samplers = optuna.samplers
    sampler = (
        samplers.TPESampler(seed=seed)
        if name == "optuna_tpe"
        else samplers.NSGAIISampler(seed=seed, population_size=16)
    )
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    names = list(landscape.points[0])
    values = {name: sorted({point[name] for point in landscape.points}) for name in names}
    places = [[values[name].index(point[name]) for name in names] for point in landscape.points]
    spaces = {
        name: optuna.distributions.IntDistribution(0, len(items) - 1)
        if isinstance(items[0], int)
        else optuna.distributions.CategoricalDistribution(range(len(items)))
        for name, items in values.items()
    }
    left, trials = set(range(len(places))), {}

    def ask() -> int:
        trial = study.ask(spaces)
        suggested = [trial.params[name] for name in names]

        def away(index: int) -> float:
            return sum(
                abs(a - b) / (len(values[name]) - 1) if isinstance(values[name][0], int) else float(a != b)
                for a, b, name in zip(places[index], suggested, names, strict=True)
            )

        index = min(left, key=lambda item: (away(item), item))
        left.remove(index)
        trials[index] = trial
        return index

    def tell(index: int, metrics: dict[str, float]) -> None:
        study.tell(trials[index], [metrics[RATE], metrics[TPOT]])

    return ask, tell


def oracle(values: list[tuple[float, float]], reference: tuple[float, ...], wanted: float) -> int:
    taken: list[tuple[float, float]] = []
    while hypervolume(taken, reference) < wanted:
        taken.append(max(values, key=lambda row: hypervolume_gain(row, taken, reference)))
    return len(taken)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", help="silicon_sample.csv, or a folder that holds it (default: the installed package's)"
    )
    parser.add_argument("--half", choices=("reported", "chosen_on", "all"), default="reported")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--strategies", nargs="+", default=[*OURS, *OTHERS], choices=[*OURS, *OTHERS])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, help="where to write every figure")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
