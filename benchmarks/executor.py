"""What running a point costs beside its benchmark: an emulated sweep whose load client only waits.

    python benchmarks/executor.py [--points N] [--slots N] [--seconds S] [-o FILE]

Every point has a server of its own (started, asked whether it is ready, stopped), is stored twice (when it begins and when
it is done) and reported; only its benchmark is replaced, by one that sleeps for `--seconds`, so that all else is overhead.
The ideal is points x seconds / slots; the overhead of a point is what the sweep takes longer, divided by the points. What
threads that only sleep take beside the ideal, in the same run, is what the machine adds. `benchmarks/overhead.py` runs
the same with the built-in load client.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures import Others, Watch, print_table, write_json

import autotune
from autotune.metrics import Measurement
from autotune.run import run_points
from autotune.run.events import RunClosed, ServerStarting
from autotune.store import Store

if TYPE_CHECKING:
    from autotune.bench.client import BenchJob

MIB = 2**20
#: What a point may cost, in ms (a ratio of 1 in the budgets).
BUDGET_MS = 10.0


def main() -> int:
    args = parse_arguments()
    points = autotune.compile(sweep(args))
    best = min((measure(points, args) for _ in range(args.repeats)), key=lambda found: found["overhead_ms"])
    ratios = {
        "overhead_per_point / 10 ms": best["overhead_ms"] / BUDGET_MS,
        "sweep / ideal": best["sweep_s"] / best["ideal_s"],
        "memory at the end / at a fifth": best["rss_mib_at_the_end"] / best["rss_mib_at_a_fifth"],
    }
    print_table(f"{args.points} points, {args.slots} slots, {args.seconds} s each", ratios, best)
    write_json(args.output, "executor", ratios, best)
    return 0


def measure(points: Any, args: argparse.Namespace) -> dict[str, float]:
    """One sweep: times in s, overhead in ms a point, memory in MiB."""
    watch, others = Watch(), Others()
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "results.db") as store:
        summary = run_points(
            points, store=store, reporter=watch, data_dir=Path(folder), client_of=lambda _: Waits(args.seconds)
        )
    busy = others.cores()
    assert summary.count("done") == args.points
    ideal = args.points * args.seconds / args.slots
    taken = watch.at[RunClosed] - watch.at[ServerStarting]
    return {
        "ideal_s": ideal, "sleeping_threads_s": sleeping(args), "sweep_s": taken, "overhead_ms": (taken - ideal) / args.points * 1e3,
        "rss_mib_at_a_fifth": statistics.median(watch.rss_mib[: args.points // 5]), "rss_mib_at_the_end": watch.rss_mib[-1],
        "others_cores": busy,
    }  # fmt: skip


class Waits:
    """A load client that only waits, and says that all was well."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def preflight(self, _: object) -> list[Any]:
        return []

    def measure(self, job: BenchJob) -> list[Measurement]:
        time.sleep(self._seconds)
        latency = {"mean": 1.0, "p50": 1.0, "p90": 1.0, "p95": 1.0, "p99": 1.0}
        return [Measurement(load, latency, latency, latency, latency, 1.0, 1.0, 1.0) for load in job.loads]


def sleeping(args: argparse.Namespace) -> float:
    """The same waiting by threads that do nothing else, in s."""
    began = time.perf_counter()
    with ThreadPoolExecutor(args.slots) as pool:
        list(pool.map(lambda _: time.sleep(args.seconds), range(args.points)))
    return time.perf_counter() - began


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def sweep(args: argparse.Namespace) -> list[str]:
    """Overrides of a sweep whose points differ in a serving setting, so that each has a server of its own."""
    return [
        "executor=emulated", "executor.speed=1", "system.gpu=h100_sxm", f"system.gpus_per_node={args.slots}", "model.id=Qwen/Qwen3-8B",
        f"scheduling.max_running_requests=range(1,{args.points + 1})", "benchmark.tool=quick",
        "benchmark.traffic_scenarios=['D(100,20)']", "benchmark.num_concurrency=1",
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
