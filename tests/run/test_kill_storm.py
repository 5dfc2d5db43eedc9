"""kill -9 again and again, at moments drawn by lot: in the end every point is there once, and nothing else is."""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autotune.store import Store

ROOT = Path(__file__).parents[2]
POINTS = 40
KILLS = 20
SWEEP = [
    "parallel.tp=1,2", f"scheduling.max_running_requests={','.join(str(32 + number) for number in range(POINTS // 2))}",
    "runtime.isl=32", "runtime.osl=16", "benchmark.tool=quick", "benchmark.num_concurrency=[2]", "benchmark.max_requests=4",
    "benchmark.max_time_s=5000", "executor=emulated", "executor.speed=1", "optimization.max_parallel=2", "-m",
]  # fmt: skip


class Storm:
    """One sweep that is killed; `start` gives the command again each time, `kill` ends it."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "out.log"
        environ = {**os.environ, "AUTOTUNE_HOME": str(folder / "data"), "CI": "1"}
        self.zygote = subprocess.Popen([sys.executable, "-m", "tests.run.zygote"], cwd=ROOT, env=environ, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        self.pid = 0
        self.ports = set()

    def start(self, *arguments):
        self.zygote.stdin.write(json.dumps([str(self.log), *arguments]) + "\n")
        self.zygote.stdin.flush()
        self.pid = int(self.zygote.stdout.readline())

    def wait(self):
        return int(self.zygote.stdout.readline())

    def kill(self):
        self._note_ports()
        os.kill(self.pid, signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL, f"the sweep was over before it was killed:\n{self.log.read_text()}"

    def settled(self):
        """How many points were reported so far, by all processes together."""
        return self.log.read_text().count("] done ") if self.log.exists() else 0

    def wait_settled(self, number):
        end = time.monotonic() + 60
        while self.settled() < number:
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.002)

    def rows(self):
        """What is stored of each point, without the autotune that is tested; the database must be whole each time."""
        place = self.folder / "data" / "autotune.db"
        if not place.exists():
            return {}, []
        connection = sqlite3.connect(place)
        try:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert connection.execute("pragma foreign_key_check").fetchall() == []
            tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
            if "results" not in tables:
                return {}, []
            rows = connection.execute("select run_id, point_id, status, finished_at, attempts from results").fetchall()
            runs = connection.execute("select run_id, finished_at from runs").fetchall()
            return {(run, point): rest for run, point, *rest in rows}, runs
        finally:
            connection.close()

    def left(self):
        """Processes that outlived the sweep's, and ports of its servers on which something still answers."""
        home = str(self.folder / "data")
        processes = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("AUTOTUNE_HOME") == home and process.pid != self.zygote.pid
            except psutil.Error:
                continue
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                processes.append(process)
        return processes, [port for port in self.ports if answers(port)]

    def _note_ports(self):
        try:
            found = psutil.Process(self.pid).net_connections("tcp")
        except psutil.Error:
            return
        self.ports |= {item.laddr.port for item in found if item.status == psutil.CONN_LISTEN}


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def storm(tmp_path):
    made = Storm(tmp_path)
    yield made
    made.zygote.stdin.close()
    if made.pid and psutil.pid_exists(made.pid) and psutil.Process(made.pid).ppid() == made.zygote.pid:
        os.kill(made.pid, signal.SIGKILL)
    made.zygote.wait(10)
    made.zygote.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2026])
def test_after_many_kills_every_point_is_there_once_and_nothing_is_left(storm, seed):
    rng = random.Random(seed)
    # Some while the run is opened or its first servers start, the others when one or two more points are there.
    moments = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]
    rng.shuffle(moments)
    assert len(moments) == KILLS
    kept, in_work = {}, 0
    for more in moments:
        before = storm.settled()
        storm.start("run", *SWEEP)
        if more:
            storm.wait_settled(before + more)
            time.sleep(rng.uniform(0.0, 0.08))
        else:
            time.sleep(rng.uniform(0.0, 0.7))
        storm.kill()
        rows, _ = storm.rows()
        done = {key: tuple(rest) for key, rest in rows.items() if rest[0] == "done"}
        assert kept.items() <= done.items(), "a point that was done was touched again"
        kept = done
        in_work += sum(rest[0] == "running" for rest in rows.values())
        assert storm.left() == ([], [])
    assert 0 < len(kept) < POINTS
    assert in_work > 0, "no kill met a measurement, so nothing was shown"

    storm.start("resume")
    assert storm.wait() == 0, storm.log.read_text()
    rows, runs = storm.rows()
    assert len(runs) == 1
    assert runs[0][1] is not None
    assert len(rows) == POINTS
    assert {rest[0] for rest in rows.values()} == {"done"}
    assert kept.items() <= {key: tuple(rest) for key, rest in rows.items()}.items()
    assert storm.left() == ([], [])
    with Store(storm.folder / "data" / "autotune.db") as store:
        assert store.problems() == []
        results = store.results()
        assert len({result.point_id for result in results}) == POINTS
        assert all(len(result.measurements) == 1 for result in results)
    (folder,) = [item for item in (storm.folder / "data" / "runs").iterdir() if item.is_dir()]
    assert list((folder / "servers").glob("*")) == []
    assert list(folder.glob(".*")) == []
