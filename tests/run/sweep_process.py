"""A sweep in a process of its own, for tests that kill it: `python -m tests.run.sweep_process FOLDER SECONDS STOP_TIMEOUT_S`.

Three points on two stub engines; each measurement takes SECONDS. Appends the id of each point whose measurement ended
to FOLDER/measured.
"""

import os
import sys
import time
from pathlib import Path

from autotune.bench import BenchError
from autotune.run import make_reporter, run_points
from autotune.store import Store
from tests.run.points import FakeClient, make_point


def main(folder: Path, seconds: float, stop_timeout_s: float) -> int:
    env = {"STUB_PIDS": str(folder / "pids")}
    executor = {"name": "local", "bin_dir": str(folder / "bin"), "env": env, "stop_timeout_s": stop_timeout_s}
    points = [
        make_point(name, executor=executor, concurrency=load, argv=("--detach",))
        for name, load in [("a", 1), ("a", 2), ("b", 1)]
    ]

    def act(job):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if job.cancelled():
                raise BenchError("cancelled")
            time.sleep(0.01)
        with (folder / "measured").open("a") as file:
            print(job.folder.parent.name, file=file)

    with Store(folder / "results.db") as store, make_reporter(sys.stderr, os.environ) as reporter:
        client = FakeClient(act)
        summary = run_points(points, store=store, reporter=reporter, data_dir=folder, client_of=lambda name: client)
    return summary.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
