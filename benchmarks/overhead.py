#!/usr/bin/env python3
"""What running costs beside the benchmarks: a sweep of points whose benchmark takes one fixed second, on emulated servers.

    python benchmarks/overhead.py

Every point has a server of its own, is measured by the built-in client for `--seconds` (the load has more requests than
it can send, and `benchmark.max_time_s` ends it), and is stored; `--slots` of them run at once. Compared with the ideal,
points x seconds / slots, and with the same work done by threads that only sleep, in the same run, which shows what the
machine itself adds. Memory is read when a fifth of the points and when all of them are done. Exits 1 when the sweep takes
more than `--within` of the ideal longer, or memory grows by more than `--growth-mib`. Other processes' share of the CPU is
printed beside it: a figure taken beside a busy neighbour is the neighbour's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from figures import Others, Watch

MIB = 2**20


def main() -> int:
    args = parse_arguments()
    began = time.perf_counter()
    import autotune
    from autotune.run import run_points
    from autotune.run.events import RunClosed, RunOpened, ServerStarting
    from autotune.store import Store

    points = autotune.compile(sweep(args))

    watch, others = Watch(), Others()
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "results.db") as store:
        summary = run_points(points, store=store, reporter=watch, data_dir=Path(folder))
    taken = others.cores()
    ideal = args.points * args.seconds / args.slots
    sweep_s = watch.at[RunClosed] - watch.at[ServerStarting]
    found = {
        "points": args.points, "slots": args.slots, "seconds": args.seconds, "done": summary.count("done"),
        "start_up_s": watch.at[ServerStarting] - began, "opened_s": watch.at[RunOpened] - began,
        "ideal_s": ideal, "sleeping_threads_s": sleeping(args), "sweep_s": sweep_s, "over": sweep_s / ideal - 1,
        "rss_mib_at_a_fifth": watch.rss_mib[args.points // 5 - 1], "rss_mib_at_the_end": watch.rss_mib[-1],
        "others_cores": taken, "cores": os.cpu_count(),
    }  # fmt: skip
    for name, value in found.items():
        print(f"{name:>20}  {value:.3f}" if isinstance(value, float) else f"{name:>20}  {value}")
    if args.output is not None:
        args.output.write_text(json.dumps(found, indent=1) + "\n")
    grown = watch.rss_mib[-1] - watch.rss_mib[args.points // 5 - 1]
    good = summary.count("done") == args.points and found["over"] <= args.within and grown <= args.growth_mib
    print(f"{'within' if good else 'NOT within'} {args.within:.0%} of the ideal and {args.growth_mib} MiB")
    return 0 if good else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--within", type=float, default=0.05)
    parser.add_argument("--growth-mib", type=float, default=5.0)
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def sweep(args: argparse.Namespace) -> list[str]:
    """Overrides of a sweep whose points differ in a serving setting, so that each has a server of its own."""
    limits = ",".join(str(number + 1) for number in range(args.points))
    return [
        "executor=emulated", "executor.speed=1", "system.gpu=h100_sxm", f"system.gpus_per_node={args.slots}", "model.id=Qwen/Qwen3-8B",
        f"scheduling.max_running_requests={limits}", "benchmark.tool=quick", "benchmark.traffic_scenarios=['D(100,20)']",
        "benchmark.max_requests=200", f"benchmark.max_time_s={args.seconds}", "benchmark.num_concurrency=1",
    ]  # fmt: skip


def sleeping(args: argparse.Namespace) -> float:
    """The same waiting by threads that do nothing else, in s: what timers and the scheduler of this machine make of it."""
    began = time.perf_counter()
    with ThreadPoolExecutor(args.slots) as pool:
        list(pool.map(lambda _: time.sleep(args.seconds), range(args.points)))
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
