#!/usr/bin/env python3
"""What compiling a sweep costs: points to manifests on disk, beside Hydra alone and beside the floor.

    python benchmarks/compile.py [--largest N] [-o FILE]

The sweep is +profile=[high_throughput,fp8_quantized,memory_optimized] with conditions and all checks, lowered for vLLM, over
parallel sizes, batch sizes, number formats and loads; ten loads to a server. Each size runs in a process of its own, on one
core: composed, compiled, and every server's k8s.yaml and shell.sh written to a folder. `own servers` is the same with every
point a server of its own, so that nothing is emitted less often than it is compiled. The largest goes through
`autotune emit` as well.

The floor is what nothing of this kind can do without: pydantic's validation of the same configs and one string join each,
measured before and after each size.
Beside it Hydra's own `-m` over the same config groups with a task that does nothing, and `hydra.compose` in a loop, both on
fewer points, by the point. Seconds are of the processor, which neighbours disturb least.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import Others, print_table, write_json

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10, 1_000, 10_000, 100_000)
MIDDLE = 10_000
HYDRA_POINTS = 40
FLOOR_POINTS = 2_000
APP = """\
import hydra
from omegaconf import DictConfig

@hydra.main(version_base="1.3", config_path={conf!r}, config_name="config")
def main(config: DictConfig) -> None:
    pass

main()
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=SIZES[-1], metavar="N", help="leave out the sizes beyond N")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        kind, size = args.child.split(":")
        print(
            json.dumps(
                {"sweep": run_sweep, "floor": run_floor, "compose": run_compose, "emit": run_emit}[
                    kind.partition("-")[0]
                ](kind, int(size))
            )
        )
        return 0
    others = Others()
    floors = [measure_floor()]
    compose, multirun = child(f"compose:{HYDRA_POINTS}")["us_a_point"], run_multirun()
    figures: dict[str, Any] = {
        "hydra.compose (us a point)": compose,
        "hydra -m (us a point)": multirun,
    }
    ratios: dict[str, float] = {}
    for size in [size for size in SIZES if size <= args.largest]:
        done = child(f"sweep:{size}")
        floors.append(measure_floor())
        name = f"{size:,} points"
        figures |= {f"{name} ({key})": value for key, value in done.items()}
        ratios[f"{name} / the floor"] = done["us_a_point"] / beside(floors)
        if size == MIDDLE:
            ratios[f"{name} / 2.5 s"] = done["seconds"] / 2.5
            ratios["100 x a point / hydra -m"] = 100 * done["us_a_point"] / multirun
        if size == SIZES[-1]:
            ratios[f"memory of {name} / 300 MB"] = done["memory_mb"] / 300
            emitted = child(f"emit:{size}")
            figures |= {f"autotune emit of {name} ({key})": value for key, value in emitted.items()}
            ratios[f"memory of autotune emit of {name} / 300 MB"] = emitted["memory_mb"] / 300
    floors.append(measure_floor())
    own = child(f"sweep-own:{MIDDLE}")
    floors.append(measure_floor())
    figures |= {f"own servers ({key})": value for key, value in own.items()}
    ratios["own servers / the floor"] = own["us_a_point"] / beside(floors)
    figures["floor, least and most (us a point)"] = f"{min(floors):.1f}, {max(floors):.1f}"
    busy = {"others_cores": others.cores()}
    print_table("compiling and emitting", ratios, figures | busy)
    write_json(args.output, "compile", ratios, figures | busy)
    return 0


def measure_floor() -> float:
    """The floor in us a point."""
    return child(f"floor:{FLOOR_POINTS}")["us_a_point"]


def beside(floors: list[float]) -> float:
    """The floor of the minute of the latest measurement: a virtual machine's speed may change twofold from one to the next."""
    return (floors[-2] + floors[-1]) / 2


def child(what: str) -> dict[str, float]:
    """What one measurement gives, in a process of its own on one core."""
    core = min(os.sched_getaffinity(0))
    command = [sys.executable, __file__, "--child", what]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    )
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def words(size: int, *, own: bool = False) -> list[str]:
    """The words of a sweep of about `size` points."""
    loads = 1 if own or size < 100 else 10
    servers = max(1, size // loads)
    fixed = 16 if servers >= 64 else 2
    more = max(1, servers // fixed)
    running = max(1, int(more**0.5))
    return [
        "+profile=[high_throughput,fp8_quantized,memory_optimized]",
        "parallel.tp=1,2,4,8" if fixed == 16 else "parallel.tp=2,4",
        *(["quantization.kvcache_mode=fp8,bf16", "memory.prefix_caching=true,false"] if fixed == 16 else []),
        f"scheduling.max_running_requests={','.join(str(64 + 2 * step) for step in range(running))}",
        f"scheduling.max_batched_tokens={','.join(str(8192 + 16 * step) for step in range(-(-more // running)))}",
        f"benchmark.num_concurrency={','.join(f'[{4 * (step + 1)}]' for step in range(loads))}",
    ]


def run_sweep(kind: str, size: int) -> dict[str, float]:
    from autotune.api import compile_dimensions, read_dimensions
    from autotune.cli.verbs.emit import write_files
    from autotune.emit import emit_point
    from autotune.workspace.load import load_workspace

    workspace = load_workspace()
    asked = words(size, own=kind.endswith("own"))
    said = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the names of the files
    with tempfile.TemporaryDirectory() as folder:
        began, wall = time.process_time(), time.perf_counter()
        points, written = 0, set()
        for point in compile_dimensions(workspace, read_dimensions(workspace, None, asked, multirun=True)):
            points += 1
            assert point.runnable, point.diagnostics
            if point.deployment is not None and point.deployment.name not in written:
                written.add(point.deployment.name)
                write_files(Path(folder), emit_point(point.deployment, ("k8s", "shell")))
        seconds, wall = time.process_time() - began, time.perf_counter() - wall
        sys.stdout.flush()
    os.dup2(said, 1)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "points": points, "servers": len(written), "seconds": seconds, "wall_seconds": wall, "memory_mb": memory_mb,
        "us_a_point": 1e6 * seconds / points, "points_per_s": points / seconds,
    }  # fmt: skip


def run_emit(_: str, size: int) -> dict[str, float]:
    """The command itself, which writes nothing before it knows that all of it can be written."""
    from autotune.cli import main as autotune

    said = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        status = autotune(["emit", *words(size), "-m", "--target", "k8s,shell", "-o", folder])
        seconds = time.process_time() - began
        assert status == 0
        sys.stdout.flush()
    os.dup2(said, 1)
    return {"seconds": seconds, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def run_floor(_: str, size: int) -> dict[str, float]:
    from autotune.api import compile_dimensions, read_dimensions
    from autotune.schema import Config
    from autotune.workspace.load import load_workspace

    workspace = load_workspace()
    points = list(compile_dimensions(workspace, read_dimensions(workspace, None, words(size), multirun=True)))
    pairs = [(point.data, point.deployment.argv) for point in points if point.deployment is not None]
    best = float("inf")
    for _turn in range(3):
        began = time.process_time()
        for data, argv in pairs:
            Config.model_validate(data)
            " ".join(argv)
        best = min(best, time.process_time() - began)
    return {"us_a_point": 1e6 * best / len(pairs)}


def run_compose(_: str, size: int) -> dict[str, float]:
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        compose("config")
        began = time.process_time()
        for step in range(size):
            compose(
                "config", overrides=[f"++parallel.tp={1 + step % 8}", f"++scheduling.max_running_requests={64 + step}"]
            )
        return {"us_a_point": 1e6 * (time.process_time() - began) / size}


def run_multirun() -> float:
    """Hydra's own `-m`, by the point: the processor's time for HYDRA_POINTS more of them."""
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app.py"
        app.write_text(APP.format(conf=str(ROOT / "conf")))
        taken = []
        for count in (1, HYDRA_POINTS + 1):
            steps = ",".join(str(64 + step) for step in range(count))
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [
                sys.executable,
                str(app),
                "-m",
                f"++scheduling.max_running_requests={steps}",
                f"hydra.sweep.dir={folder}/out",
            ]
            subprocess.run(command, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return 1e6 * (taken[1] - taken[0]) / HYDRA_POINTS


if __name__ == "__main__":
    sys.exit(main())
