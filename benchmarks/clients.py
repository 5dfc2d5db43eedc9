#!/usr/bin/env python3
"""The load clients against each other, on one real vLLM: whether they mean the same by TTFT and throughput.

    python benchmarks/clients.py --engine-bin .venv-engine/bin --bench-bin .venv-bench/bin --model .venv-bench/tiny-model -o clients.json

Starts vLLM's CPU build with a tiny model, runs every client in turn, that row `--rounds` times, so that a drift of the machine
falls on all of them, and prints medians and the ratios to `quick`. What other processes take of the machine is measured
during every run: a run that they disturb is taken again, up to `--tries` times, and the quietest counts. Exits 1 when two of the clients differ by more than `--within` on either metric.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil

from autotune.bench import CLIENTS, BenchError, BenchJob, Endpoint, Load
from autotune.schema import Benchmark

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_S = 300.0
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
METRICS = {"TTFT ms": "ttft_ms.mean", "TPOT ms": "tpot_ms.mean", "output tokens/s": "output_tokens_per_s"}
#: What the clients are to agree on.
JUDGED = ("TTFT ms", "output tokens/s")


def main() -> int:
    args = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        hub = Path(folder) / "hub"
        (hub / "hub").mkdir(parents=True)
        env = OFFLINE | {"HF_HOME": str(hub), "VLLM_CPU_KVCACHE_SPACE": "1"}
        with engine(args.engine_bin, args.model, env, Path(folder)) as endpoint:
            runs = measure_all(args, endpoint, env, Path(folder))
    medians = {name: summary([run["metrics"] for run in runs if run["client"] == name]) for name in args.clients}
    pairs = disagreements(medians, args.within)
    show(args, runs, medians, pairs)
    if args.output is not None:
        found = {"scenario": args.scenario, "concurrency": args.concurrency, "requests": args.requests, "rounds": args.rounds,
                 "cores": os.cpu_count(), "medians": medians, "runs": runs, "disagreements": pairs}  # fmt: skip
        args.output.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if pairs else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for option, variable, what in (
        ("--engine-bin", "AUTOTUNE_VLLM_BIN", "bin folder with vLLM's CPU build"),
        ("--bench-bin", "AUTOTUNE_BENCH_BIN", "bin folder with genai-bench, aiperf and guidellm"),
        ("--model", "AUTOTUNE_TINY_MODEL", "folder of the model (tests/engine/make_tiny_model.py makes one)"),
    ):
        value = os.environ.get(variable)
        parser.add_argument(option, type=lambda text: Path(text).absolute(), default=value and Path(value).absolute(), required=not value,
                            help=f"{what} (default: ${variable})")  # fmt: skip
    parser.add_argument("--clients", type=lambda text: text.split(","), default=["quick", "genai_bench", "aiperf"],
                        help="comma-separated, of " + ", ".join(CLIENTS))  # fmt: skip
    parser.add_argument("--scenario", default="D(800,64)")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quiet", type=float, default=0.1, help="cores that other processes may take during a run")
    parser.add_argument("--tries", type=int, default=4, help="times that a disturbed run is taken at most")
    parser.add_argument("--within", type=float, default=0.15, help="how far two clients may be apart, as a share")
    parser.add_argument("-o", "--output", type=Path, help="write everything there as JSON")
    return parser.parse_args()


@contextmanager
def engine(bin_dir: Path, model: Path, env: dict[str, str], folder: Path) -> Iterator[Endpoint]:
    """The engine on a free port, in a process group (not a session: Linux would schedule that apart from the clients)."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", folder / "vllm.log"
    argv = [str(bin_dir / "vllm"), "serve", str(model), "--served-model-name", "tiny", "--dtype", "float32", "--max-model-len", "1024",
            "--enforce-eager", "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, env={**os.environ, **env}, stdout=output, stderr=subprocess.STDOUT, process_group=0
        )
    try:
        deadline = time.monotonic() + READY_S
        while not answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"vLLM did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.5)
        yield Endpoint(url, "tiny", str(model), "vllm")
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            os.killpg(process.pid, sign)
            try:
                process.wait(30)
                break
            except subprocess.TimeoutExpired:
                continue


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def measure_all(args: argparse.Namespace, endpoint: Endpoint, env: dict[str, str], folder: Path) -> list[dict]:
    """Every client in turn, `--rounds` times, and one run before that which does not count."""
    loads, runs = (Load(args.scenario, concurrency=args.concurrency),), []
    for number in range(args.rounds + 1):
        for name in args.clients if number else ["quick"]:
            bin_dir = args.engine_bin if name == "vllm_bench" else args.bench_bin
            benchmark = Benchmark(
                tool=name, bin_dir=str(bin_dir), max_requests=args.requests, warmup=8, max_time_s=60.0
            )
            taken: list[dict] = []
            for attempt in range(args.tries if number else 1):
                job = BenchJob(
                    endpoint, benchmark, loads, folder / f"{number}-{name}-{attempt}", 1, {**os.environ, **env}
                )
                taken.append(measure_one(job) | {"round": number})
                if taken[-1]["others_cores"] <= args.quiet:
                    break
            if number:
                runs.append(min(taken, key=lambda run: run["others_cores"]) | {"taken": len(taken)})
    return runs


def measure_one(job: BenchJob) -> dict:
    """One run of one client, and the cores that others took during it."""
    name = job.benchmark.tool
    began, busy, own = time.monotonic(), busy_s(), own_s()
    try:
        [found] = CLIENTS[name].measure(job)
    except BenchError as error:
        sys.exit(f"{name}: {error.message}\n{error.log_tail}")
    others = max(0.0, (busy_s() - busy - (own_s() - own)) / (time.monotonic() - began))
    metrics = {title: found.metrics()[path] for title, path in METRICS.items()}
    print(f"{name:12} " + "  ".join(f"{title} {value:8.2f}" for title, value in metrics.items())
          + f"  {found.completed} requests, {found.failed} failed, others {others:.2f} cores", flush=True)  # fmt: skip
    return {"client": name, "metrics": metrics, "completed": found.completed, "failed": found.failed,
            "duration_s": found.duration_s, "others_cores": others}  # fmt: skip


def busy_s() -> float:
    """CPU time that the whole machine has spent on anything, in s."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice


def own_s() -> float:
    """CPU time of this process, its ended children, and those that run (the engine), in s."""
    ended = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    running = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(item.ru_utime + item.ru_stime for item in ended) + sum(item.user + item.system for item in running)


def summary(rows: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Median, least and most of each metric."""
    return {
        title: {"median": statistics.median(values), "least": min(values), "most": max(values)}
        for title in METRICS
        if (values := [row[title] for row in rows])
    }


def disagreements(medians: dict[str, dict], within: float) -> list[str]:
    """The pairs of clients that are further apart than allowed, the larger against the smaller."""
    found = []
    for one, other in itertools.combinations(medians, 2):
        for title in JUDGED:
            low, high = sorted((medians[one][title]["median"], medians[other][title]["median"]))
            if high / low - 1 > within:
                found.append(f"{one} and {other}: {title} {high / low - 1:.1%} apart")
    return found


def show(args: argparse.Namespace, runs: list[dict], medians: dict[str, dict], pairs: list[str]) -> None:
    others = [run["others_cores"] for run in runs]
    print(f"\n{args.scenario} at concurrency {args.concurrency}, {args.requests} requests, medians of {args.rounds} rounds (least - most); "
          f"{os.cpu_count()} cores, of which others took {statistics.median(others):.2f} in the median and {max(others):.2f} at most\n")  # fmt: skip
    print(f"{'client':12}" + "".join(f"{title:>32}{'ratio':>8}" for title in METRICS))
    base = medians[args.clients[0]]
    for name, found in medians.items():
        cells = (
            f"{value['median']:13.2f} ({value['least']:.1f} - {value['most']:.1f})".rjust(32)
            + f"{value['median'] / base[title]['median']:8.3f}"
            for title, value in found.items()
        )
        print(f"{name:12}" + "".join(cells))
    print("\n" + ("\n".join(pairs) if pairs else f"all within {args.within:.0%} on {' and '.join(JUDGED)}"))


if __name__ == "__main__":
    sys.exit(main())
