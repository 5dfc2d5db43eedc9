"""How cost grows: from 10 points to a million, from 8 GPUs to a thousand, from a thousand stored results to a million.

    python benchmarks/scaling.py [compile] [schedule] [store] [--most-points N] [--limit-s S] [--most-results N] [-o FILE]

compile   a sweep of so many points, streamed: points per second of one processor, and the most memory. A sweep that is not done after
          `--limit-s` is cut short there, and the table says so.
schedule  on so many GPUs, eight a node: how long the order of ten experiments a GPU is looked for, what it gives beside the
          lower bound, and what deciding costs each time an experiment ends. All simulated: nothing runs.
store     a SQLite file of so many results, a hundred a run, as large as real ones are: the queries of lists and reports.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from figures import print_table, write_json

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = ("compile", "schedule", "store")
RUN_POINTS = 100
#: So many points are different; with more results than that, the later ones were measured in several runs.
DISTINCT = 10_000
#: A result's JSON in a real store, in bytes: its config, its deployment, who wrote what.
_SEED = "parallel.tp=2"
RAW = b'{"a": 1}' * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--most-points", type=int, default=1_000_000)
    parser.add_argument("--limit-s", type=float, default=60.0)
    parser.add_argument("--most-gpus", type=int, default=1000)
    parser.add_argument("--most-results", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the large stores are made (default: the system's)")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--one-sweep", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one_sweep:
        print(json.dumps(compile_sweep(args.one_sweep, args.limit_s)))
        return 0
    figures: dict[str, Any] = {}
    if "compile" in args.parts:
        figures |= measure_compile(args)
    if "schedule" in args.parts:
        figures |= measure_schedule(args)
    if "store" in args.parts:
        figures |= measure_store(args)
    print_table("how cost grows", {}, figures)
    write_json(args.output, "scaling", {}, figures)
    return 0


def measure_compile(args: argparse.Namespace) -> dict[str, Any]:
    """Each size in a process of its own, so that its peak of memory is its own."""
    figures: dict[str, Any] = {}
    for size in powers(10, args.most_points):
        command = [sys.executable, __file__, "--one-sweep", str(size), "--limit-s", str(args.limit_s)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        cut = "" if found["points"] == size else f", cut short after {found['points']:,}"
        figures[f"compile {size:,}: points/s of one core{cut}"] = found["points"] / found["seconds"]
        figures[f"compile {size:,}: peak MiB"] = found["peak_mib"]
    return figures


def compile_sweep(size: int, limit_s: float) -> dict[str, Any]:
    """Points of a sweep with two profiles, streamed."""
    from autotune import api
    from autotune.workspace.load import load_workspace

    workspace = load_workspace()
    began, busy = time.perf_counter(), time.process_time()
    factors = {"parallel.tp": "1,2,4,8,16", "scheduling.max_running_requests": f"range(1,{max(size // 10, 1) + 1})"}
    texts = [f"{path}={values}" for path, values in factors.items()]
    texts += ["+profile=high_throughput,fp8_quantized", "system.gpu=h100_sxm", "system.nodes=2"]
    dimensions = api.read_dimensions(workspace, None, texts, multirun=True)
    count = 0
    for _ in api.compile_dimensions(workspace, dimensions):
        count += 1
        if count == size or time.perf_counter() - began > limit_s:
            break
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"points": count, "seconds": time.process_time() - busy, "peak_mib": peak_mib}


def measure_schedule(args: argparse.Namespace) -> dict[str, Any]:
    from autotune.run.floor import Floor, Job, makespan, shortest_makespan
    from autotune.run.order import best_order
    from autotune.run.slots import Layout

    figures: dict[str, Any] = {}
    for gpus in [count for count in (8, 64, 256, 1000) if count <= args.most_gpus]:
        rng = Random(gpus)
        layout = Layout((tuple("01234567"),) * (gpus // 8))
        jobs = [
            Job(f"{number}", rng.choice([1, 2, 4, 8]), seconds=rng.randint(1, 6) * 60 + rng.uniform(60, 300))
            for number in range(10 * gpus)
        ]
        began = time.perf_counter()
        order = best_order(jobs, layout, None)
        taken_s = time.perf_counter() - began
        end = makespan(order, layout, None) / shortest_makespan(jobs, layout, None)
        floor = Floor(order, layout, None)
        floor.start()
        began, ends = time.perf_counter(), 0
        while floor.running and ends < 1000:
            floor.end(next(iter(floor.running)))
            floor.start()
            ends += 1
        each_ms = (time.perf_counter() - began) / ends * 1e3
        figures[f"schedule {gpus} GPUs, {len(jobs):,} experiments: order, s"] = taken_s
        figures[f"schedule {gpus} GPUs: end / lower bound"] = end
        figures[f"schedule {gpus} GPUs: deciding when one ends, ms"] = each_ms
    return figures


def measure_store(args: argparse.Namespace) -> dict[str, Any]:
    from autotune.store import Store

    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for size in powers(1000, args.most_results):
            place = Path(folder) / f"{size}.db"
            fill(place, size)
            figures[f"store {size:,}: file, MB"] = place.stat().st_size / 1e6
            with Store(place) as store:
                for name, query in queries(store, size // RUN_POINTS).items():
                    figures[f"store {size:,}: {name}, ms"] = least(query) * 1e3
            place.unlink()
    return figures


def queries(store: Any, runs: int) -> dict[str, Callable[[], object]]:
    """What the verbs and pages ask a store."""
    name = run_name(runs // 2)
    point = point_name(runs // 2 * RUN_POINTS % DISTINCT)
    found: dict[str, Callable[[], object]] = {
        "the latest run": store.find_run,
        "a run by its id": lambda: store.find_run(name),
        "unfinished runs": store.unfinished,
        "results of a run (report, results)": lambda: store.results(name),
        "raw output of a point": lambda: store.raw(name, point),
        "which run has these 100 points": lambda: store.runs_with([point_name(number) for number in range(100)]),
        "failures of the last hour": lambda: store.failed_since("2026-01-01T00:00:00", name),
    }
    # A page at a time, as the web pages and the REST API list.
    if hasattr(store, "run_page"):
        from autotune.store.pages import ResultFilter

        def page(sort: Any, offset: int = 0, **wanted: Any) -> Callable[[], object]:
            return lambda: store.result_page(ResultFilter(**wanted), sort, offset, 50)

        found |= {
            "one result": lambda: store.result(name, point),
            "a page of runs": lambda: store.run_page(0, 50),
            "all runs": store.runs,
            "a page of results, the latest first": page("-run"),
            "a page of results, the best first": page("-score"),
            "a page of results, the worst first": page("score"),
            "a page of results, last finished first": page("-finished_at"),
            "a page of results, first finished first": page("finished_at"),
            "a page of failures": page("-run", status="failed"),
            "a page of failures, last finished first": page("-finished_at", status="failed"),
            "a page of what is done, the best first": page("-score", status="done"),
            "a page of what is done, the worst first": page("score", status="done"),
            "a page of what was emulated, the best first (one in 10,000)": page("-score", kind="emulated"),
            "a page of the model of half of all": page("-run", model=COMMON),
            "a page of the model of half of all, the best first": page("-score", model=COMMON),
            "a page of the model of half of all, the worst first": page("score", model=COMMON),
            "a page of the failures of the model of half of all": page("-run", model=COMMON, status="failed"),
            "a page of a model of a hundredth": page("-run", model=RARE),
            "a page of a model of a hundredth, the best first": page("-score", model=RARE),
            "a page of a model that is nowhere": page("-run", model="org/none"),
            "a page of a run, the best first": page("-score", run_id=name),
            "the last page of results, the best first": page("-score", runs * RUN_POINTS // 50 * 50 - 50),
        }
    return found


def fill(place: Path, size: int) -> None:
    """A store of that many results, made by the database itself from one real result, with measurements and raw output."""
    import sqlite3

    import autotune
    from autotune.store import Failure, Result, RunInputs, RunRecord, Store
    from autotune.store.raw import RawFile

    point = autotune.compile([_SEED])[0]
    assert point.config is not None
    assert point.deployment is not None
    origin = {path: str(writer) for path, writer in point.origin.items()}
    result = Result("seed", "seed", "done", "measured", point.overrides, point.config.as_dict(), point.deployment.as_dict(),
                    (), origin, measurements=(measurement(),), best=0, score=1.0, started_at="2025-01-01T00:00:00+00:00",
                    finished_at="2025-01-01T00:01:00+00:00", failure=Failure("crash", "it fell over"))  # fmt: skip
    names = [f'"{point_name(number)}"' for number in range(RUN_POINTS)]
    run = RunRecord("seed", "f", "local", ("seed",), RunInputs((_SEED,)), "2025-01-01T00:00:00+00:00", finished_at="2025-01-01T01:00:00+00:00")  # fmt: skip
    with Store(place) as store:
        store.create_run(run)
        store.save(result, [RawFile("bench/out.json", len(RAW), hashlib.sha256(RAW).hexdigest(), RAW)])
    connection = sqlite3.connect(place)
    connection.executescript("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA cache_size = -400000")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
    runs = size // RUN_POINTS
    columns = {
        "runs": {"run_id": RUN_ID, "points": "?2"},
        "results": {"run_id": RUN_OF, "point_id": POINT_OF, "score": "abs(random() % 1000000) / 1e6",
                    "config": f"json_set(config, '$.model.id', {MODEL_OF})", "model": MODEL_OF,
                    "kind": "CASE WHEN i % 10000 = 77 THEN 'emulated' ELSE 'measured' END",
                    "status": "CASE WHEN i % 50 = 0 THEN 'failed' ELSE 'done' END",
                    "failure": "CASE WHEN i % 50 = 0 THEN failure END",
                    "finished_at": "strftime('%Y-%m-%dT%H:%M:%S+00:00', 1735689600 + i * 30, 'unixepoch')"},
        "measurements": {"run_id": RUN_OF, "point_id": POINT_OF},
        "raw_outputs": {"run_id": RUN_OF, "point_id": POINT_OF},
    }  # fmt: skip
    for table, changed in columns.items():
        names_of = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        taken = ", ".join(changed.get(name, f"s.{name}") for name in names_of)
        parameters = [runs, f"[{', '.join(names)}]"] if table == "runs" else [size]
        text = (
            f"{numbers.replace('?', '?1')}INSERT INTO {table} SELECT {taken} FROM n, {table} s WHERE s.run_id = 'seed'"
        )
        connection.execute(text, parameters)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("DELETE FROM runs WHERE run_id = 'seed'")
    connection.commit()
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


#: The names below, as SQLite makes them from the number `i` of a run, or of a result.
RUN_ID = "printf('20250101-%08d', i)"
RUN_OF = f"printf('20250101-%08d', i / {RUN_POINTS})"
POINT_OF = f"printf('p%09d', i % {DISTINCT})"
#: Every run has one model: half of them the same, the others one of fifty.
COMMON, RARE = "org/model-00", "org/model-07"
MODEL_OF = f"printf('org/model-%02d', CASE WHEN i / {RUN_POINTS} % 2 THEN i / {RUN_POINTS} % 100 / 2 + 1 ELSE 0 END)"


def run_name(number: int) -> str:
    return f"20250101-{number:08}"


def point_name(number: int) -> str:
    return f"p{number:09}"


def measurement() -> Any:
    from autotune.metrics import Load, Measurement

    latency = {"mean": 12.5, "p50": 12.0, "p90": 14.0, "p95": 15.0, "p99": 20.0}
    return Measurement(Load("D(1024,256)", 16), latency, latency, latency, latency, 1000.0, 500.0, 60.0)


def least(query: Callable[[], object], repeats: int = 5) -> float:
    """Seconds of the fastest of some runs; the first reads the file, the others what the system kept of it."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        query()
        times.append(time.perf_counter() - began)
    return min(times)


def powers(first: int, last: int) -> list[int]:
    found = []
    while first <= last:
        found.append(first)
        first *= 10
    return found


if __name__ == "__main__":
    sys.exit(main())
