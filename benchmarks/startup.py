"""How long the command line takes to start: each verb beside what Python, Hydra and pydantic take by themselves.

    python benchmarks/startup.py [--repeats N] [-o FILE]

Every command is a process of its own, and all of them are run in turn, that row `--repeats` times, so that a drift of the
machine falls on all; the least time of each counts, on the wall and of the processor. Ratios are of processor time, which
neighbours disturb least. Python writes its compiled files first, as it does for whoever runs a command twice.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Others, print_table, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
HELLO = """\
import hydra
from omegaconf import DictConfig

@hydra.main(version_base="1.3", config_path=None)
def main(config: DictConfig) -> None:
    print("hello", config)

main()
"""
PASS, HYDRA, BOTH = "python -c pass", "import hydra", "import hydra, pydantic"
HELLO_NAME = "a hello-world Hydra app"
#: The verbs as they are measured; `{out}` is a folder of its own.
VERBS = {
    "--help": ["--help"],
    "--version": ["--version"],
    "completion": ["-sc", "query=bash"],
    "compile": ["compile", "+profile=fp8_quantized", "parallel.tp=2"],
    "check": ["check", "+profile=fp8_quantized", "parallel.tp=2"],
    "emit": ["emit", "parallel.tp=2", "--target", "k8s", "-o", "{out}/manifests"],
    "explain": ["explain", "parallel.tp", "parallel.tp=2"],
    "predict": ["predict", "parallel.tp=2"],
    "results": ["results"],
    "runs": ["runs"],
    "profiles": ["profiles"],
    "models": ["models"],
    "schema": ["schema"],
    "run --help": ["run", "--help"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        others = Others()
        wall, cpu = measure(commands(Path(name)), args.repeats, Path(name))
        busy = others.cores()
    ratios = {
        "--help / python -c pass": cpu["--help"] / cpu[PASS],
        "--version / python -c pass": cpu["--version"] / cpu[PASS],
        "completion / python -c pass": cpu["completion"] / cpu[PASS],
        "compile of one point / import hydra, pydantic": cpu["compile"] / cpu[BOTH],
        "compile of one point / a hello-world Hydra app": cpu["compile"] / cpu[HELLO_NAME],
        **{f"{verb} / import hydra, pydantic": cpu[verb] / cpu[BOTH] for verb in list(VERBS)[4:]},
    }
    figures = {f"{name} ({kind}, ms)": 1e3 * seconds[name] for name in wall for kind, seconds in {"wall": wall, "cpu": cpu}.items()}  # fmt: skip
    print_table(f"least of {args.repeats} starts", ratios, figures | {"others_cores": busy})
    write_json(args.output, "startup", ratios, figures | {"others_cores": busy})
    return 0


def commands(folder: Path) -> dict[str, list[str]]:
    """Every command by its name."""
    hello = folder / "hello.py"
    hello.write_text(HELLO)
    python = sys.executable
    plain = {
        PASS: [python, "-c", "pass"],
        HYDRA: [python, "-c", HYDRA],
        BOTH: [python, "-c", BOTH],
        HELLO_NAME: [python, str(hello), f"hydra.run.dir={folder}/hello", "hydra.output_subdir=null"],
    }
    ours = {
        name: [python, "-m", "autotune", *(word.format(out=folder) for word in words)] for name, words in VERBS.items()
    }
    return plain | ours


def measure(commands: dict[str, list[str]], repeats: int, home: Path) -> tuple[dict[str, float], dict[str, float]]:
    """The least wall time and the least processor time of each command, in s. Raises where one fails."""
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environ |= {"PYTHONPATH": str(ROOT), "AUTOTUNE_HOME": str(home), "HOME": str(home), "COMP_LINE": "autotune com"}
    wall: dict[str, float] = {}
    cpu: dict[str, float] = {}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            taken_s, busy_s = start(command, environ, home)
            if turn:  # the first writes the compiled files
                wall[name] = min(wall.get(name, taken_s), taken_s)
                cpu[name] = min(cpu.get(name, busy_s), busy_s)
    return wall, cpu


def start(command: Sequence[str], environ: dict[str, str], folder: Path) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    wall_s = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
