"""The verbs that look after runs: runs, cancel, logs, gc, and resume without a name."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest

from autotune.run.leftovers import SERVER_VARIABLE
from autotune.run.lock import RunLock
from autotune.run.pulse import ALIVE_FILE, CANCEL_FILE
from autotune.store import Failure, RunInputs, Store
from tests.store.test_store import result, run

FINISHED, INTERRUPTED, RUNNING = "20261121-000000-aaaaaa", "20261122-000000-bbbbbb", "20261123-000000-cccccc"


@pytest.fixture
def stored(tmp_path):
    """The user's own store and run folders: a finished run, an interrupted one and one that `works` can work on."""
    with Store(tmp_path / "data" / "autotune.db") as store:
        for name in (FINISHED, INTERRUPTED, RUNNING):
            inputs = RunInputs(overrides=(f"parallel.of_{name[-6:]}=2",))
            store.create_run(replace(run(name, name[-6:], points=("p1", "p2", "q3")), inputs=inputs))
            (tmp_path / "data" / "runs" / name / "points" / "p1").mkdir(parents=True)
        store.save(result("p1", run_id=INTERRUPTED))
        store.save(replace(result("p2", run_id=INTERRUPTED), status="failed", overrides=("parallel.tp=4",),
                           failure=Failure("start_crash", "bad flag", "", "its last words")))  # fmt: skip
        store.save(replace(result("p1", run_id=RUNNING), status="running"))
        store.finish_run(FINISHED, "2026-11-21T01:00:00+00:00")
    return tmp_path / "data" / "runs"


@contextmanager
def works(folder):
    """Someone works on the run of that folder."""
    beat = {
        "pid": 4242,
        "host": "node7",
        "user": "alice",
        "started_at": "2026-11-23T00:00:00+00:00",
        "settled": 0,
        "points": 3,
    }
    with RunLock(folder):
        (folder / ALIVE_FILE).write_text(json.dumps(beat))
        yield
        (folder / ALIVE_FILE).unlink()


def test_runs_are_listed_with_what_they_do_now(autotune, stored):
    with works(stored / RUNNING):
        rows = {row["run_id"]: row for row in autotune("runs", "--format", "json").json}
        table = autotune("runs").out
        assert autotune("results", "--list").out == table
        listed = [row["run_id"] for row in autotune("runs", "--state", "running", "--format", "json").json]
    assert {name: row["state"] for name, row in rows.items()} == {
        FINISHED: "finished", INTERRUPTED: "interrupted", RUNNING: "running",
    }  # fmt: skip
    assert rows[RUNNING]["worker"] == {
        "pid": 4242,
        "host": "node7",
        "user": "alice",
        "since": "2026-11-23T00:00:00+00:00",
    }
    assert rows[INTERRUPTED]["worker"] is None
    assert (rows[INTERRUPTED]["waiting"], rows[RUNNING]["waiting"]) == (1, 3)
    assert "running: process 4242 on node7" in table
    assert listed == [RUNNING]
    assert [row["state"] for row in autotune("runs", "--format", "json").json] == [
        "interrupted",
        "interrupted",
        "finished",
    ]


def test_a_long_list_is_cut_and_says_so(autotune, stored):
    done = autotune("runs", "-n", "1")
    assert RUNNING in done.out
    assert FINISHED not in done.out
    assert "2 earlier ones are not shown; `autotune runs -n 0` shows all" in done.err
    assert FINISHED in autotune("runs", "-n", "0").out


def test_a_point_that_was_measured_when_its_run_died_is_interrupted(autotune, stored, tmp_path):
    def shown():
        rows = autotune("results", RUNNING, "--format", "json").json
        return [
            rows[0]["status"],
            "interrupted" in autotune("results", RUNNING).out,
            "interrupted" in autotune("logs", RUNNING).out,
        ]

    assert shown() == ["interrupted", True, True]
    with works(stored / RUNNING):
        assert shown() == ["running", False, False]
    (stored / RUNNING).rename(tmp_path / "elsewhere")
    assert autotune("results", RUNNING, "--format", "json").json[0]["status"] == "running", "nobody here knows"


def test_a_finished_run_that_is_worked_on_again_is_running_and_not_finished(autotune, stored, tmp_path):
    with Store(tmp_path / "data" / "autotune.db") as store:
        store.create_run(run("20261120-000000-eeeeee", source={"tool": "aiperf"}))

    def listed(state, *more):
        return [row["run_id"] for row in autotune("runs", "--state", state, "--format", "json", *more).json]

    assert (listed("finished"), listed("running"), listed("imported")) == ([FINISHED], [], ["20261120-000000-eeeeee"])
    with works(stored / FINISHED), works(stored / RUNNING):
        assert (listed("finished"), listed("running")) == ([], [RUNNING, FINISHED])
        assert (listed("interrupted"), listed("running", "-n", "1")) == ([INTERRUPTED], [RUNNING])
        assert "1 earlier ones are not shown" in autotune("runs", "--state", "running", "-n", "1").err
    assert listed("interrupted") == [RUNNING, INTERRUPTED]


def test_a_run_whose_folder_is_elsewhere_is_not_said_to_be_interrupted(autotune, stored, tmp_path):
    with Store(tmp_path / "data" / "autotune.db") as store:
        store.create_run(run("20261124-000000-dddddd", environment={"host": "node9"}))
    assert "interrupted, or running on node9 where its folder is" in autotune("runs").out


def test_cancelling_a_run_that_nobody_works_on_says_what_it_does(autotune, stored, tmp_path):
    over = autotune("cancel", FINISHED)
    assert (over.code, over.codes) == (2, ["AT049"])
    assert "is over" in over.err
    broken = autotune("cancel", INTERRUPTED)
    assert broken.codes == ["AT049"]
    assert f"`autotune resume {INTERRUPTED}` goes on with it" in broken.err
    with Store(tmp_path / "data" / "autotune.db") as store:
        store.create_run(run("20261124-000000-dddddd", environment={"host": "node9"}))
    assert "cancel it on node9" in autotune("cancel", "20261124").err
    assert autotune("cancel", "nope").codes == ["AT031"]
    assert not list(stored.glob(f"*/{CANCEL_FILE}"))


def test_cancelling_asks_and_waits_until_the_run_has_ended(autotune, stored):
    seen = []

    def work():
        with works(stored / RUNNING):
            begun.set()
            end = time.monotonic() + 20
            while not (stored / RUNNING / CANCEL_FILE).exists() and time.monotonic() < end:
                time.sleep(0.01)
            seen.append(json.loads((stored / RUNNING / CANCEL_FILE).read_text()))

    begun = threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(10)
    done = autotune("cancel", RUNNING, "--now")  # not AT049: someone works on it
    worker.join()
    assert (done.code, done.codes) == (0, [])
    assert seen[0]["at_once"] is True
    assert "(process 4242 on node7) to stop; waiting" in done.err
    assert f"`autotune resume {RUNNING}` goes on with it" in done.err


def test_cancel_need_not_wait(autotune, stored):
    with works(stored / RUNNING):
        assert autotune("cancel", RUNNING, "--no-wait").code == 0
    assert json.loads((stored / RUNNING / CANCEL_FILE).read_text())["at_once"] is False


@pytest.mark.slow
def test_a_sweep_is_cancelled_from_another_process_and_gone_on_with(autotune, tmp_path):
    command = [sys.executable, "-m", "autotune", "parallel.tp=1,2", "executor=emulated", "executor.speed=1", "runtime.osl=4000",
               "benchmark=smoke", "benchmark.max_time_s=600", "-m"]  # fmt: skip
    process = subprocess.Popen(
        command, env={**os.environ, "CI": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        end = time.monotonic() + 60
        while not list((tmp_path / "data").glob(f"runs/*/{ALIVE_FILE}")):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        (row,) = autotune("runs", "--format", "json").json
        assert (row["state"], row["worker"]["pid"]) == ("running", process.pid)
        assert autotune("resume").codes == ["AT032"]
        assert autotune("cancel", row["run_id"]).code == 0
        _, err = process.communicate(timeout=30)
        assert process.returncode == 128 + signal.SIGTERM
        assert "`autotune cancel` by" in err
    finally:
        process.kill()
        process.wait(10)
    assert [row["state"] for row in autotune("runs", "--format", "json").json] == ["interrupted"]


def test_resume_takes_the_latest_unfinished_run_that_nobody_works_on(autotune, stored):
    with works(stored / RUNNING):
        done = autotune("resume")
    assert done.codes == ["AT201", "AT002"]
    assert "override parallel.of_bbbbbb=2" in done.err
    assert "override parallel.of_cccccc=2" in autotune("resume").err
    with works(stored / RUNNING), works(stored / INTERRUPTED):
        done = autotune("resume")
    assert done.codes == ["AT032"]
    assert f"every unfinished run is being worked on: {RUNNING}, {INTERRUPTED}" in done.err


def test_logs_are_listed_and_shown(autotune, stored, monkeypatch):
    folder = stored / INTERRUPTED / "points" / "p1"
    (folder / "server.log").write_text("loading\nready with key-of-mine\n")
    (folder / "server.1.log").write_text("the first try\n")
    monkeypatch.setenv("SOME_API_KEY", "key-of-mine")
    assert autotune("logs", INTERRUPTED, "p1").out == "loading\nready with (hidden)\n"
    assert autotune("logs", INTERRUPTED[:8], "1").out.startswith("loading")
    assert autotune("logs", INTERRUPTED, "p1", "--try", "1").out == "the first try\n"
    listed = autotune("logs", INTERRUPTED).out.splitlines()
    assert [line.split()[:4] for line in listed[2:]] == [
        ["1", "p1", "done", "2"],
        ["2", "p2", "failed", "0"],
        ["3", "q3", "waiting", "0"],
    ]
    assert "parallel.tp=4" in listed[3]
    kept = autotune("logs", INTERRUPTED, "p2")
    assert (kept.out, kept.code) == ("its last words\n", 0)
    for wrong, said in (
        ("p", "2 points of it start with p"),
        ("x", "it has no point x"),
        ("q3", "no server was started for it"),
    ):
        done = autotune("logs", INTERRUPTED, wrong)
        assert (done.code, done.codes) == (2, ["AT031"])
        assert said in done.err
    assert autotune("logs", INTERRUPTED, "p1", "--try", "3").codes == ["AT031"]


def test_following_a_log_shows_what_is_added_until_the_run_ends(autotune, stored):
    log = stored / RUNNING / "points" / "p1" / "server.log"
    log.write_text("one\n")

    def work():
        with works(stored / RUNNING):
            begun.set()
            with log.open("a") as file:
                for word in ("tw", "o\n", "three"):
                    file.write(word)
                    file.flush()
                    time.sleep(0.05)

    begun = threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(10)
    done = autotune("logs", RUNNING, "p1", "-f")
    worker.join()
    assert done.out == "one\ntwo\nthree"


def test_gc_shows_first_and_removes_with_yes(autotune, stored, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nowhere.sock")
    assert "dead runs left nothing behind" in autotune("gc").err
    env = {**os.environ, SERVER_VARIABLE: str(stored / INTERRUPTED / "servers" / "vllm.json")}
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], env=env)
    (stored / "20260101-000000-never0").mkdir()
    try:
        shown = autotune("gc")
        assert f"{process.pid}: " in shown.out
        assert "the run never started" in shown.out
        assert "`autotune gc --yes` removes them" in shown.err
        assert process.poll() is None
        assert [item["removed"] for item in autotune("gc", "--format", "json").json] == [False, False]
        done = autotune("gc", "--yes")
        assert (done.code, "2 of 2 removed" in done.err) == (0, True)
        assert not psutil.pid_exists(process.pid)
        assert autotune("gc", "--format", "json").json == []
    finally:
        process.kill()
        process.wait(5)


def test_gc_says_what_it_could_not_remove(autotune, stored, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (stored / INTERRUPTED / "servers").mkdir()
    ref = {"api_version": "v1", "kind": "Service", "name": "vllm", "namespace": "ml"}
    note = {"context": None, "kubeconfig": str(tmp_path / "nowhere"), "objects": [ref]}
    (stored / INTERRUPTED / "servers" / "vllm.cluster").write_text(json.dumps(note))
    done = autotune("gc", "--yes")
    assert done.code == 1
    assert "Service vllm in ml" in done.out
    assert "could not be removed: what vllm.cluster names could not be reached" in done.out
