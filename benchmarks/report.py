"""How long a report takes and how large it is: results that were compiled for real, with made-up measurements.

    python benchmarks/report.py [--points N] [--loads N] [--repeats N]

Prints the least CPU time of the repeats for both formats, the size of the page as it is and compressed, and the ratio to
the floor measured in the same run: `json.dumps` of the same results. Exits with 1 when the page takes more than 8 times
that, or 4 MB.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.api import compile as compile_points
from autotune.metrics import Load, Measurement
from autotune.report import Reported, render_html
from autotune.report.markdown import render_markdown
from autotune.store import Failure, Predicted, Result, RunInputs, RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.compiled import CompiledPoint

BUDGET_RATIO, BUDGET_BYTES = 8.0, 4_000_000
#: 4 x 2 x 5 x 25: a thousand points.
SWEEP = ("parallel.tp=1,2,4,8", "quantization=bf16,fp8", "scheduling.max_running_requests=16,32,64,128,256",
         "scheduling.max_batched_tokens=range(1024,6145,208)")  # fmt: skip
LOG = "\n".join(f"INFO worker {line}: loading shard {line} of 60" for line in range(60))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--loads", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    points = compile_points(["model.id=Qwen/Qwen3-8B", "+profile=balanced", "slo=interactive", *SWEEP])[: args.points]
    rng = random.Random(0)
    results = tuple(made_up(point, args.loads, rng) for point in points)
    run = RunRecord(
        "run", "", "local", tuple(item.point_id for item in results), RunInputs(SWEEP, multirun=True), "2026-01-01"
    )
    floor_s = best(args.repeats, lambda: json.dumps([item.as_dict() for item in results]))
    html = render_html([Reported(run, results)])
    html_s = best(args.repeats, lambda: render_html([Reported(run, results)]))
    markdown_s = best(args.repeats, lambda: render_markdown([Reported(run, results)]))
    size = len(html.encode())
    print(f"{len(results)} points with {args.loads} loads, best of {args.repeats}; json.dumps: {floor_s:.3f} s")
    print(f"  html      {html_s:.3f} s  {html_s / floor_s:.1f} x json.dumps")
    print(f"  markdown  {markdown_s:.3f} s  {markdown_s / floor_s:.1f} x json.dumps")
    print(f"  page      {size / 1e6:.2f} MB, {len(gzip.compress(html.encode())) / 1e6:.2f} MB compressed")
    return int(html_s > BUDGET_RATIO * floor_s or size > BUDGET_BYTES)


def made_up(point: CompiledPoint, loads: int, rng: random.Random) -> Result:
    """A result of the point: one in fifty out of memory, the others measured, with a prediction for each load."""
    config, deployment = point.config, point.deployment
    assert config is not None
    assert deployment is not None
    result = Result("run", point.id, "done", "measured", point.overrides, config.as_dict(), deployment.as_dict(),
                    tuple(point.applied_layers), {path: str(writer) for path, writer in point.origin.items()}, best=0, score=rng.random())  # fmt: skip
    if rng.random() < 0.02:
        failure = Failure("out_of_memory", "CUDA out of memory", "raise parallel.tp", LOG)
        return replace(result, status="failed", failure=failure, best=None, score=None)
    tp = config.parallel.tp or 1
    measured = tuple(measure(4**load, tp, rng) for load in range(loads))
    told = tuple(Predicted(replace(item, kind="predicted"), "roofline", "0") for item in measured)
    return replace(result, measurements=measured, predictions=told)


def measure(concurrency: int, tp: int, rng: random.Random) -> Measurement:
    tpot = (4 + concurrency / 8) / tp**0.6 * rng.uniform(0.8, 1.2)
    tokens = 1000 / tpot * concurrency
    statistics = {"mean": tpot, "p50": tpot, "p90": tpot * 1.2, "p95": tpot * 1.3, "p99": tpot * 1.5}
    ttft = {name: value * 10 for name, value in statistics.items()}
    return Measurement(Load("D(1024,256)", concurrency), ttft, statistics, {}, ttft, tokens, tokens / tp, 1000 / tpot)


def best(repeats: int, work: Callable[[], object]) -> float:
    """Least CPU time of the repeats, in s: rendering waits for nothing, and other work on the machine does not count."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


if __name__ == "__main__":
    sys.exit(main())
