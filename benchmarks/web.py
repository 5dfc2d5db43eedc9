"""The web server: many readers on a large store, many listeners on one run, and how soon the first page is there.

    python benchmarks/web.py [--experiments 10000] [--readers 200] [--listeners 50] [--repeats 3] [-o FILE]

Readers are people with a page open: each asks, reads for a second, asks again, for a list of experiments (filtered, sorted,
paged) or of runs. The same is measured without the second between, where the figure to look at is requests/s. The clients
run in a process of their own on the same machine, so they share its cores with the server. `benchmarks/web_floor.py` is
asked the same in turn: it answers with bodies of the mean size of ours. The best of `--repeats` counts, of each of the two.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from figures import Others, print_table, write_json

from autotune.metrics import Load, Measurement
from autotune.store import Result, RunInputs, RunRecord, Store

_POINTS = 100
_THINK_S = 1.0
_ROUNDS = 10


def fill(place: Path, experiments: int) -> None:
    """A store with that many experiments, a hundred a run."""
    config = {
        "model": {"id": "Qwen/Qwen3-8B"},
        "parallel": {"tp": 2},
        "optimization": {"objectives": ["maximize_throughput_per_gpu", "minimize_tpot"]},
        "scheduling": {f"setting_{number}": number for number in range(40)},
    }
    deployment = {
        "argv": ["vllm", "serve", "x"] * 10,
        "env": {},
        "image": "vllm/vllm-openai:v1",
        "gpus": 2,
        "files": {},
    }
    with Store(place) as store:
        for number in range(experiments // _POINTS):
            run_id = f"2026{number:04}-000000-abcdef"
            points = [f"{number:04}{point:06}" for point in range(_POINTS)]
            record = RunRecord(
                run_id,
                f"f{number}",
                "emulated",
                tuple(points),
                RunInputs(),
                "2026-01-01T00:00:00+00:00",
                "2026-01-01T01:00:00+00:00",
            )
            results = []
            for place_in, point in enumerate(points):
                loads = tuple(_measurement(concurrency, place_in) for concurrency in (1, 8, 64))
                status: Any = "failed" if place_in % 10 == 0 else "done"
                results.append((Result(run_id, point, status, "emulated", (f"parallel.tp={place_in}",), config, deployment,
                                       measurements=loads, best=None if status == "failed" else 1, score=place_in / 7,
                                       started_at="2026-01-01T00:00:00+00:00", finished_at="2026-01-01T00:10:00+00:00"), ()))  # fmt: skip
            store.save_run(record, results)


def _measurement(concurrency: int, seed: int) -> Measurement:
    stats = {"mean": 10.0 + seed, "p50": 9.0 + seed, "p95": 20.0 + seed, "p99": 30.0}
    return Measurement(Load("D(1024,256)", concurrency), ttft_ms=stats, tpot_ms=stats, output_tokens_per_s=100.0 * concurrency,
                       completed=100, kind="emulated")  # fmt: skip


UI = ("-m", "autotune", "ui", "--port", "0", "--no-browser")


@contextlib.contextmanager
def server(folder: Path, command: tuple[str, ...] = UI) -> Any:
    """A server as a process; gives its address, and the seconds until it printed that and until the first page was there."""
    environ = {**os.environ, "AUTOTUNE_HOME": str(folder)}
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True, env=environ)
    try:
        assert process.stderr is not None
        address = process.stderr.readline().strip()
        printed_s = time.perf_counter() - begun
        page = httpx.get(address, headers={"Accept": "text/html"}, timeout=60)
        assert page.status_code == 200, page.status_code
        yield address, printed_s, time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


def _urls() -> list[str]:
    lists = [f"/api/v2/experiments?limit=50&page={page}" for page in range(1, 40)]
    lists += [f"/api/v2/experiments?status=done&sort=score&page={page}" for page in range(1, 20)]
    lists += [f"/api/v2/experiments?run=2026{run:04}-000000-abcdef" for run in range(20)]
    return [*lists, *(f"/api/v2/runs?page={page}" for page in (1, 2))]


class _Connection:
    """One kept connection. A client library costs more than the server does, on the same cores."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.removeprefix("http://").partition(":")
        self._port = int(port)

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def get(self, path: str) -> tuple[int, int]:
        """The status, and the bytes of the body."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head.split(b" ", 2)[1]), length

    def close(self) -> None:
        self._writer.close()


async def read(address: str, readers: int, think_s: float, rounds: int) -> dict[str, float]:
    """Latencies of closed-loop readers, in ms, and requests/s."""
    urls, chance = _urls(), random.Random(0)
    taken: list[float] = []
    sizes: list[int] = []

    async def reader() -> None:
        await asyncio.sleep(chance.random() * think_s)
        connection = _Connection(address)
        await connection.open()
        for _ in range(rounds):
            begun = time.perf_counter()
            status, size = await connection.get(chance.choice(urls))
            taken.append(1000 * (time.perf_counter() - begun))
            sizes.append(size)
            assert status == 200, status
            await asyncio.sleep(think_s)
        connection.close()

    begun = time.perf_counter()
    await asyncio.gather(*(reader() for _ in range(readers)))
    wall_s = time.perf_counter() - begun
    taken.sort()
    return {
        "p50_ms": taken[len(taken) // 2],
        "p95_ms": taken[int(len(taken) * 0.95)],
        "max_ms": taken[-1],
        "requests_per_s": len(taken) / wall_s,
        "body_bytes": sum(sizes) / len(sizes),
    }


def start_run(address: str) -> str:
    """Have an emulated run start; its id."""
    words = [
        "parallel.tp=1,2,4",
        "executor=emulated",
        "executor.speed=100",
        "benchmark.max_time_s=20",
        "benchmark.num_concurrency=[1,8]",
    ]
    answer = httpx.post(f"{address}/api/v2/runs", json={"overrides": words}, timeout=60)
    return str(answer.json()["run_id"])


async def listen(address: str, run: str, listeners: int) -> dict[str, float]:
    """Everybody listens to one run: whether all hear its end, and how far apart."""
    async with httpx.AsyncClient(
        base_url=address, timeout=120, limits=httpx.Limits(max_connections=listeners + 2)
    ) as http:
        ends: list[float] = []
        events = 0

        async def listener() -> None:
            nonlocal events
            async with http.stream("GET", f"/api/v2/runs/{run}/events") as stream:
                async for line in stream.aiter_lines():
                    if line.startswith("event:"):
                        events += 1
                        if line.endswith(" end"):
                            ends.append(time.perf_counter())

        begun = time.perf_counter()
        await asyncio.gather(*(listener() for _ in range(listeners)))
        return {
            "heard_the_end": len(ends),
            "events": events,
            "apart_ms": 1000 * (max(ends) - min(ends)),
            "run_s": max(ends) - begun,
        }


def best(found: list[dict[str, float]]) -> dict[str, float]:
    """The best of each figure: the most of what is counted, the least of what takes time."""
    most = ("requests_per_s", "heard_the_end")
    return {name: (max if name in most else min)(item[name] for item in found) for name in found[0]}


def measure(folder: Path, args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Figures by what was measured; those of the floor under `bare ...`."""
    rows: dict[str, list[dict[str, float]]] = {}

    def note(title: str, figures: dict[str, float]) -> None:
        rows.setdefault(title, []).append(figures)

    with contextlib.ExitStack() as open_servers:
        address, *_ = open_servers.enter_context(server(folder))
        warm = asyncio.run(read(address, 10, 0.0, 50))  # everything is loaded
        heard = asyncio.run(listen(address, start_run(address), 1))
        floor = (str(Path(__file__).with_name("web_floor.py")), f"{warm['body_bytes']:.0f}", f"{heard['events']}")
        for _ in range(args.repeats):
            for name, place in (("", address), ("bare ", open_servers.enter_context(server(folder, floor))[0])):
                note(f"{name}readers", asyncio.run(read(place, args.readers, _THINK_S, _ROUNDS)))
                note(f"{name}readers without a pause", asyncio.run(read(place, args.readers, 0.0, _ROUNDS)))
                run = "bare" if name else start_run(place)
                note(f"{name}listeners", asyncio.run(listen(place, run, args.listeners)))
    return {title: best(found) for title, found in rows.items()}


def find_ratios(found: dict[str, dict[str, float]], readers: int, listeners: int) -> dict[str, float]:
    """What is asked of us beside what is asked of the floor: above 1, we are slower."""
    paused, pressed = ((found[name], found[f"bare {name}"]) for name in ("readers", "readers without a pause"))
    heard = found["listeners"]
    return {
        f"{readers} readers: median / of a bare route": paused[0]["p50_ms"] / paused[1]["p50_ms"],
        f"{readers} readers without a pause: p95 / of a bare route": pressed[0]["p95_ms"] / pressed[1]["p95_ms"],
        "requests/s of a bare route / ours": pressed[1]["requests_per_s"] / pressed[0]["requests_per_s"],
        # Not beside the floor's: 2 to 7 times as much from run to run, of 6 to 40 ms, says little.
        f"{listeners} listeners hear the end apart / 100 ms": heard["apart_ms"] / 100,
        f"{listeners} listeners / those that hear the end": listeners / heard["heard_the_end"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--listeners", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    others = Others()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "autotune.db", args.experiments)
        starts = []
        for _ in range(3):
            with server(folder) as (_, printed_s, page_s):
                starts.append((page_s, printed_s))
        found = measure(folder, args)
    ratios = find_ratios(found, args.readers, args.listeners)
    figures = {f"{title}: {key}": value for title, row in found.items() for key, value in row.items()}
    figures |= {"address_s": min(starts)[1], "first_page_s": min(starts)[0], "others_cores": others.cores()}
    print_table(f"the web server on {args.experiments:,} experiments", ratios, figures)
    write_json(args.output, "web", ratios, figures)


if __name__ == "__main__":
    main()
