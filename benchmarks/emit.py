"""How long manifests take: 200 points of a sweep to text, against the plainest dump of the same documents.

    python benchmarks/emit.py [--points N] [--repeats N]

The points are compiled first and that is not counted. For each target the best of the repeats is printed, and its ratio
to two floors measured in the same run over the same documents: `json.dumps`, and PyYAML's dumper in C, which is what a
script without any of the emitter's checks and quoting would call. Exits with 1 when k8s takes a second or more.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import yaml

from autotune.api import compile as compile_points
from autotune.emit import EMITTERS, SWEEP_EMITTERS, emit_sweep

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET_S = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    deployments = servers(args.points)
    texts = emit_sweep(deployments, ["k8s"]).values()
    documents = [document for text in texts for document in yaml.load_all(text, yaml.CSafeLoader)]
    floors = {
        "json.dumps": best(args.repeats, lambda: [json.dumps(document) for document in documents]),
        "yaml.CSafeDumper": best(args.repeats, lambda: yaml.dump_all(documents, Dumper=yaml.CSafeDumper)),
    }
    print(f"{len(deployments)} servers, {len(documents)} documents, best of {args.repeats}")
    for name, floor_s in floors.items():
        print(f"  {name:<18} {floor_s * 1e3:8.1f} ms")
    seconds = {name: best(args.repeats, lambda name=name: emit_sweep(deployments, [name])) for name in EMITTERS}
    for name, taken_s in seconds.items():
        ratios = ", ".join(f"{taken_s / floor_s:.1f} x {floor}" for floor, floor_s in floors.items())
        note = " (a sweep's base and overlays)" if name in SWEEP_EMITTERS else ""
        print(f"  {name:<18} {taken_s * 1e3:8.1f} ms  {ratios}{note}")
    print(f"k8s: {seconds['k8s']:.3f} s of {BUDGET_S:.0f} s")
    return int(seconds["k8s"] >= BUDGET_S)


def servers(count: int) -> list[Any]:
    """That many servers that differ in one flag, each with all that every target holds besides."""
    points = compile_points(
        [
            f"scheduling.max_running_requests=range(1,{count + 1})",
            "deploy=monitored",
            "deploy.hf_token_secret=hub",
            "deploy.pvc=models",
        ]
    )
    return [point.deployment for point in points if point.deployment is not None]


def best(repeats: int, run: Callable[[], object]) -> float:
    """Seconds of the fastest run."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


if __name__ == "__main__":
    sys.exit(main())
