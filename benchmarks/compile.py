#!/usr/bin/env python3
"""What compiling a sweep costs: points to manifests on disk, beside Hydra alone and beside the floor.

    python benchmarks/compile.py [--largest N] [-o FILE]

The sweep is +profile=[high_throughput,fp8_quantized,memory_optimized] with conditions and all checks, lowered for vLLM, over
parallel sizes, batch sizes, number formats and loads; ten loads to a server. Each size runs in a process of its own, on one
core: composed, compiled, and every server's k8s.yaml and shell.sh written to a folder. `own servers` is the same with every
point a server of its own, so that nothing is emitted less often than it is compiled. The largest goes through
`autotune emit` as well. Sizes up to the middle one are measured TURNS times; the turn with the median ratio stands.

The floor is what nothing of this kind can do without: pydantic's validation of the same configs and one string join each. It
is measured in the same process in many short turns between the others' work, since the speed of a virtual machine may change
twofold from one second to the next.
Beside it Hydra's own `-m` over the same config groups with a task that does nothing, and `hydra.compose` in a loop, both on
fewer points, by the point. Seconds are of the processor, which neighbours disturb least.

All that is written stays until the end, and the benchmark waits until the file system makes files at its own pace: for six
minutes after many were deleted, ext4 passes over each of their inodes anew for every new one, and takes ten times as long.
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
TURNS = 5
#: Points that the floor is measured on, and how many of the sweep, or servers of it, come between two turns of it.
FLOOR_POINTS = 500
BETWEEN_POINTS, BETWEEN_SERVERS = 1_000, 100
#: A folder with two files takes a file system this long at most when nothing was deleted, and is waited for this long.
CALM_US, PATIENCE_S = 100, 420
#: The variable that names the folder to write to.
FOLDER = "AUTOTUNE_BENCHMARK_FOLDER"
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
        measure = {"sweep": run_sweep, "own": run_own, "compose": run_compose, "emit": run_emit}[kind]
        print(json.dumps(measure(int(size))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ[FOLDER] = folder
        wait_for_calm(Path(folder))
        return run(args.largest, args.output)


def wait_for_calm(folder: Path) -> None:
    """Until a folder with two files is made in CALM_US, or patience ends."""
    until = time.monotonic() + PATIENCE_S
    while (taken := files_us(folder)) > CALM_US and time.monotonic() < until:
        print(f"{taken:.0f} us for a folder with two files: waiting until deleted ones are forgotten", file=sys.stderr)
        time.sleep(20)


def files_us(folder: Path) -> float:
    """What a server's folder and files take by themselves."""
    made = Path(tempfile.mkdtemp(dir=folder))
    began = time.process_time()
    for number in range(MIDDLE // 10):
        (server := made / str(number)).mkdir()
        for name in ("k8s.yaml", "shell.sh"):
            (server / name).write_bytes(b" " * 4_000)
    return 1e6 * (time.process_time() - began) / (MIDDLE // 10)


def run(largest: int, output: Path | None) -> int:
    others = Others()
    compose, multirun = child(f"compose:{HYDRA_POINTS}")["us_a_point"], run_multirun()
    figures: dict[str, Any] = {
        "a folder and two files by themselves (us)": files_us(Path(os.environ[FOLDER])),
        "hydra.compose (us a point)": compose,
        "hydra -m (us a point)": multirun,
    }
    ratios: dict[str, float] = {}
    for size in [size for size in SIZES if size <= largest]:
        done = measured(f"sweep:{size}", TURNS if size <= MIDDLE else 1)
        name = f"{size:,} points"
        figures |= {f"{name} ({key})": value for key, value in done.items()}
        ratios[f"{name} / the floor"] = of_floor(done)
        if size == MIDDLE:
            ratios[f"{name} / 2.5 s"] = done["wall_seconds"] / 2.5
            ratios["100 x a point / hydra -m"] = 100 * done["us_a_point"] / multirun
        if size == SIZES[-1]:
            ratios[f"memory of {name} / 300 MB"] = done["memory_mb"] / 300
            emitted = child(f"emit:{size}")
            figures |= {f"autotune emit of {name} ({key})": value for key, value in emitted.items()}
            ratios[f"memory of autotune emit of {name} / 300 MB"] = emitted["memory_mb"] / 300
    own = measured(f"own:{MIDDLE}", 1)
    figures |= {f"own servers ({key})": value for key, value in own.items()}
    ratios["own servers / the floor"] = of_floor(own)
    busy = {"others_cores": others.cores()}
    print_table("compiling and emitting", ratios, figures | busy)
    write_json(output, "compile", ratios, figures | busy)
    return 0


def measured(what: str, turns: int) -> dict[str, float]:
    """The turn with the median ratio to the floor."""
    return sorted((child(what) for _ in range(turns)), key=of_floor)[turns // 2]


def of_floor(done: dict[str, float]) -> float:
    return done["us_a_point"] / done["floor_us_a_point"]


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


class Floor:
    """The floor on the first points of a sweep, and the time that it took."""

    def __init__(self) -> None:
        from autotune.schema import Config

        self._validate = Config.model_validate
        self._pairs: list[tuple[Any, tuple[str, ...]]] = []
        self._points = 0
        self.seconds = self.wall_seconds = self._taken = 0.0

    def take(self, point: Any) -> None:
        if len(self._pairs) < FLOOR_POINTS:
            with self:
                self._pairs.append((point.data, point.deployment.argv))

    def turn(self) -> None:
        """As many validations and joins as there are FLOOR_POINTS."""
        with self:
            began = time.process_time()
            for _ in range(max(1, FLOOR_POINTS // len(self._pairs))):
                for data, argv in self._pairs:
                    self._validate(data)
                    " ".join(argv)
                self._points += len(self._pairs)
            self._taken += time.process_time() - began

    @property
    def us_a_point(self) -> float:
        return 1e6 * self._taken / self._points

    def __enter__(self) -> None:
        self._began = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.process_time() - self._began[0]
        self.wall_seconds += time.perf_counter() - self._began[1]


def run_own(size: int) -> dict[str, float]:
    return run_sweep(size, own=True)


def run_sweep(size: int, *, own: bool = False) -> dict[str, float]:
    """As `autotune emit` does it: all points, then what their servers take on disk."""
    import jinja2  # noqa: F401 - loading libraries is start-up, which startup.py measures

    from autotune.api import compile_dimensions, read_dimensions
    from autotune.cli.verbs.emit import write_files
    from autotune.emit import emit_point
    from autotune.engines.deployment import Servers
    from autotune.layers.cel import compile_expression
    from autotune.workspace.load import load_workspace

    compile_expression("true")  # as jinja2

    folder = Path(tempfile.mkdtemp(dir=os.environ[FOLDER]))
    workspace = load_workspace()
    asked = words(size, own=own)
    said = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the names of the files
    points, servers, floor = 0, Servers(), Floor()
    began, wall = time.process_time(), time.perf_counter()
    for point in compile_dimensions(workspace, read_dimensions(workspace, None, asked, multirun=True)):
        assert point.runnable, point.diagnostics
        points += 1
        servers.add(point)
        floor.take(point)
        if points % BETWEEN_POINTS == 0:
            floor.turn()
    compiled = time.process_time() - began - floor.seconds
    deployments = servers.merged()
    for number, deployment in enumerate(deployments):
        write_files(folder, emit_point(deployment, ("k8s", "shell")))
        if number % BETWEEN_SERVERS == 0:
            floor.turn()
    seconds = time.process_time() - began - floor.seconds
    wall = time.perf_counter() - wall - floor.wall_seconds
    sys.stdout.flush()
    os.dup2(said, 1)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "points": points, "servers": len(deployments), "seconds": seconds, "compile_seconds": compiled,
        "wall_seconds": wall, "memory_mb": memory_mb, "us_a_point": 1e6 * seconds / points,
        "points_per_s": points / seconds, "floor_us_a_point": floor.us_a_point,
    }  # fmt: skip


def run_emit(size: int) -> dict[str, float]:
    """The command itself, which writes nothing before it knows that all of it can be written."""
    from autotune.cli import main as autotune

    folder = tempfile.mkdtemp(dir=os.environ[FOLDER])
    said = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    began = time.process_time()
    status = autotune(["emit", *words(size), "-m", "--target", "k8s,shell", "-o", folder])
    seconds = time.process_time() - began
    assert status == 0
    sys.stdout.flush()
    os.dup2(said, 1)
    return {"seconds": seconds, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def run_compose(size: int) -> dict[str, float]:
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
    folder = Path(tempfile.mkdtemp(dir=os.environ[FOLDER]))
    app = folder / "app.py"
    app.write_text(APP.format(conf=str(ROOT / "conf")))
    taken = []
    for count in (1, HYDRA_POINTS + 1):
        steps = ",".join(str(64 + step) for step in range(count))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        sweep = ["-m", f"++scheduling.max_running_requests={steps}", f"hydra.sweep.dir={folder}/out"]
        subprocess.run([sys.executable, str(app), *sweep], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return 1e6 * (taken[1] - taken[0]) / HYDRA_POINTS


if __name__ == "__main__":
    sys.exit(main())
