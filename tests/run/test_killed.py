"""Whatever ends autotune: nothing is left running, and the same command goes on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from autotune.run.leftovers import SERVER_VARIABLE
from autotune.store import Store
from tests.run.points import make_stub_engine

ROOT = Path(__file__).parents[2]


class Sweep:
    def __init__(self, folder):
        self.folder = folder
        make_stub_engine(folder / "bin")
        self.process = None

    def start(self, seconds, stop_timeout_s=0.2):
        command = [sys.executable, "-m", "tests.run.sweep_process", str(self.folder), str(seconds), str(stop_timeout_s)]
        log = (self.folder / "out.log").open("a")
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        log.close()
        return self.process

    def finish(self, seconds=0.0):
        assert self.start(seconds).wait(30) == 0, (self.folder / "out.log").read_text()

    def wait_for(self, what, timeout_s=20):
        end = time.monotonic() + timeout_s
        while not what():
            assert time.monotonic() < end, (self.folder / "out.log").read_text()
            assert self.process.poll() is None, (self.folder / "out.log").read_text()
            time.sleep(0.02)

    def pids(self):
        place = self.folder / "pids"
        return [int(line) for line in place.read_text().split()] if place.exists() else []

    def measured(self):
        place = self.folder / "measured"
        return place.read_text().split() if place.exists() else []

    def records(self):
        return list(self.folder.glob("runs/*/servers/*.json"))

    def results(self):
        with Store(self.folder / "results.db") as store:
            return store.results(), store.runs()


@pytest.fixture
def sweep(tmp_path):
    made = Sweep(tmp_path)
    yield made
    for pid in [*([made.process.pid] if made.process else []), *made.pids()]:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    if made.process is not None:
        made.process.wait(5)


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_gone(pids, timeout_s=5.0):
    end = time.monotonic() + timeout_s
    while left := [pid for pid in pids if alive(pid)]:
        assert time.monotonic() < end, f"still running: {left}"
        time.sleep(0.02)


@pytest.mark.slow
def test_after_kill_9_no_server_is_left_and_the_same_command_runs_each_point_once(sweep):
    sweep.start(0.8)
    sweep.wait_for(lambda: len(sweep.measured()) == 1 and len(sweep.pids()) == 2)
    time.sleep(0.3)
    assert all(alive(pid) for pid in sweep.pids())
    sweep.process.kill()
    sweep.process.wait(5)
    wait_gone(sweep.pids())
    assert [result.status for result in sweep.results()[0]] == ["done", "running"]

    sweep.finish()
    results, runs = sweep.results()
    assert [result.status for result in results] == ["done"] * 3
    assert len(runs) == 1
    assert runs[0].finished
    assert set(Counter(sweep.measured()).values()) == {1}
    assert [result.attempts for result in results] == [1, 2, 1]
    wait_gone(sweep.pids())


@pytest.mark.slow
def test_when_the_supervisor_is_killed_too_the_next_start_sweeps_what_is_left(sweep):
    sweep.start(30)
    sweep.wait_for(lambda: len(sweep.pids()) == 2 and sweep.records())
    record = json.loads(sweep.records()[0].read_text())
    engine, worker = record["engine"]["pid"], next(pid for pid in sweep.pids() if pid != record["engine"]["pid"])
    os.kill(record["supervisor"]["pid"], signal.SIGKILL)
    sweep.process.kill()
    sweep.process.wait(5)
    assert alive(worker)  # in a session of its own, and deaf to what the kernel sends
    sweep.finish()
    wait_gone([engine, worker])
    assert sweep.records() == []
    assert len(sweep.results()[1]) == 1


def servers_of(folder):
    """Processes of servers that any run in this folder started, by the variable that each of them has."""
    for process in psutil.process_iter():
        try:
            named = process.environ().get(SERVER_VARIABLE, "")
            if named.startswith(str(folder)) and process.status() != psutil.STATUS_ZOMBIE:
                yield process.pid
        except psutil.Error:
            continue


@pytest.mark.slow
def test_no_engine_outlives_an_autotune_that_is_killed_at_a_moment_drawn_by_lot(sweep):
    rng = random.Random(5)
    met = 0
    for _ in range(8):
        sweep.start(60)
        sweep.wait_for(lambda: list(sweep.folder.glob("runs/*/alive.json")))
        time.sleep(rng.uniform(0.0, 0.8))  # servers are started, waited for, measured
        met += any(servers_of(sweep.folder))
        sweep.process.kill()
        sweep.process.wait(5)
        wait_gone(list(servers_of(sweep.folder)))
    assert met > 0
    sweep.finish()
    assert len(sweep.results()[1]) == 1
    assert [result.status for result in sweep.results()[0]] == ["done"] * 3
    assert sweep.records() == []
    assert list(servers_of(sweep.folder)) == []


def test_ctrl_c_ends_servers_politely_and_says_how_to_go_on(sweep):
    sweep.start(30)
    sweep.wait_for(lambda: "measuring" in (sweep.folder / "out.log").read_text())
    sweep.process.send_signal(signal.SIGINT)
    assert sweep.process.wait(10) == 130
    wait_gone(sweep.pids(), 0.5)
    assert sweep.records() == []
    out = (sweep.folder / "out.log").read_text()
    assert "the same command goes on with it, or `autotune resume 2" in out
    assert "Traceback" not in out
    assert sweep.results()[0] == []


@pytest.mark.slow
def test_ctrl_c_twice_does_not_wait(sweep):
    sweep.start(30, stop_timeout_s=20)
    sweep.wait_for(lambda: "measuring" in (sweep.folder / "out.log").read_text())
    for pid in sweep.pids():
        os.kill(pid, signal.SIGSTOP)  # deaf to anything polite
    began = time.monotonic()
    sweep.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert all(alive(pid) for pid in sweep.pids())
    sweep.process.send_signal(signal.SIGINT)
    assert sweep.process.wait(10) == 130
    assert time.monotonic() - began < 5
    wait_gone(sweep.pids(), 0.5)
