"""What may happen to a run overnight, each over the real thing: a full disk, a locked database, a clock that jumps."""

import itertools
import json
import os
import platform
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from autotune.bench import BenchError
from autotune.diagnostics import InputError
from autotune.run import Stop
from autotune.run.events import Noted, PointFinished, PointStarted, Retrying, ServerReady, Stopping
from autotune.run.failures import machine_failure
from autotune.run.pulse import ALIVE_FILE, ask_to_stop, take_pulse
from autotune.store import Failure, Store, database
from tests.run.points import make_point, wait_cancelled
from tests.run.test_runner import OOM, Listener, Setup
from tests.store.postgres import postgres_server

LOST = Failure("infrastructure", "address already in use")
KILLED = Failure("killed", "SIGKILL")


@pytest.fixture
def setup(tmp_path):
    made = Setup(tmp_path)
    yield made
    made.store.close()


@contextmanager
def small_disk(folder, size="1m"):
    """A file system of its own that can really be full."""
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a file system")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(folder):
    """Take all the room that is left; returns the file that holds it."""
    file = folder / "filling"
    with file.open("wb", buffering=0) as out, suppress(OSError):
        while out.write(b"\0" * 4096):
            pass
    assert shutil.disk_usage(folder).free == 0
    return file


# --- retries


def test_only_failures_of_the_machine_are_tried_again_as_often_as_wanted_with_growing_pauses(setup):
    setup.servers.failures = {
        "server-a": [LOST, KILLED, None],
        "server-b": [KILLED] * 9,
        "server-c": [Failure("start_crash", "bad flag")],
        "server-d": [Failure("not_ready", "slow")],
        "server-e": [OOM],
    }
    wanted = {"retries": 2, "retry_pause_s": 0.01}
    summary = setup.run([make_point(name, optimization=wanted) for name in "abcde"])
    assert [(item.status, item.attempts) for item in summary.results] == [
        ("done", 3), ("failed", 3), ("failed", 1), ("failed", 1), ("failed", 1),
    ]  # fmt: skip
    told = setup.listener.of(Retrying)
    assert [(event.attempt, event.tries, event.pause_s) for event in told] == [(2, 3, 0.01), (3, 3, 0.02)] * 2
    assert told[0].failure == replace(LOST, phase="start")


def test_no_retries_where_none_are_wanted(setup):
    setup.servers.failures = {"server-a": [LOST, None]}
    (result,) = setup.run([make_point("a", optimization={"retries": 0})]).results
    assert (result.status, result.failure.kind) == ("failed", "infrastructure")


def test_stopping_in_a_pause_ends_the_pause_and_the_failure_stays_on_record(setup):
    setup.servers.failures = {"server-a": [LOST, None]}
    stop = Stop()
    setup.listener = Listener(lambda event: stop.ask() if isinstance(event, Retrying) else None)
    points = [make_point("a", optimization={"retry_pause_s": 3600.0})]
    assert setup.run(points, stop=stop).waiting == 1
    (stored,) = setup.store.results()
    assert (stored.status, stored.failure.message) == ("failed", LOST.message)
    setup.listener = Listener()
    assert [item.status for item in setup.run(points).results] == ["done"]


# --- an executor or a server that misbehaves


def test_an_executor_that_breaks_fails_its_point_alone(setup):
    real = setup.servers.make

    def make(settings, timing_of):
        made = real(settings, timing_of)
        deploy = made.deploy

        def break_down(deployment, place):
            if deployment.name == "server-a":
                raise TypeError("surprise")
            return deploy(deployment, place)

        made.deploy = break_down
        return made

    summary = setup.run([make_point("a"), make_point("b")], make=make)
    assert [item.status for item in summary.results] == ["failed", "done"]
    assert "TypeError: surprise" in summary.results[0].failure.message


def test_a_server_that_cannot_be_removed_is_told_of_and_the_sweep_goes_on(setup):
    real = setup.servers.make

    def make(settings, timing_of):
        made = real(settings, timing_of)
        made.remove = lambda at_once=False: (_ for _ in ()).throw(ConnectionError("the daemon is gone"))
        return made

    summary = setup.run([make_point("a"), make_point("b")], make=make)
    assert [item.status for item in summary.results] == ["done", "done"]
    (first, _) = [event.diagnostic for event in setup.listener.of(Noted)]
    assert first.code == "AT125"
    assert "server-a could not be removed: ConnectionError: the daemon is gone" in first.message


# --- limits of time


@pytest.mark.parametrize(
    ("benchmark", "optimization", "said"),
    [
        ({"timeout_s": 0.05}, {}, "the load client took longer than benchmark.timeout_s=0.05"),
        ({}, {"timeout_s": 0.05}, "the experiment took longer than optimization.timeout_s=0.05"),
    ],
)
def test_a_benchmark_that_is_late_names_the_limit_that_it_went_past(setup, benchmark, optimization, said):
    setup.client.act = wait_cancelled
    (result,) = setup.run([make_point("a", benchmark=benchmark, optimization=optimization)]).results
    assert (result.failure.kind, result.failure.phase, result.failure.message) == ("timeout", "benchmark", said)
    assert result.attempts == 1


# --- clocks


def test_a_clock_that_jumps_ends_nothing_early_and_the_run_is_found_again(setup):
    jumps = itertools.cycle([0, 40_000, -86_400, 90_000, -40_000])  # hours there and back between any two looks
    shown = [datetime(2026, 11, 23, 3, 0, tzinfo=UTC)]

    def clock():
        shown[0] += timedelta(seconds=next(jumps))
        return shown[0]

    points = [make_point(name, optimization={"timeout_s": 60.0}) for name in "abc"]
    first = setup.run(points, clock=clock)
    assert first.exit_code == 0
    shown[0] -= timedelta(days=30)
    stop = Stop()
    setup.listener = Listener(lambda event: stop.ask() if isinstance(event, PointFinished) else None)
    interrupted = setup.run(points, clock=clock, stop=stop)
    assert interrupted.run_id < first.run_id
    shown[0] += timedelta(days=60)
    setup.listener = Listener()
    again = setup.run(points, clock=clock)
    assert again.run_id == interrupted.run_id
    assert [(item.status, item.attempts) for item in again.results] == [("done", 1)] * 3


# --- cool-down


def cooled(setup, points, **more):
    setup.listener = Listener()
    setup.servers.started.clear()
    summary = setup.run(points, **more)
    return summary, [event.diagnostic for event in setup.listener.of(Noted)]


@pytest.mark.parametrize("failure", [Failure("start_crash", "bad flag"), OOM, Failure("not_ready", "slow")])
def test_a_config_that_failed_to_load_is_left_alone_by_other_runs_for_a_while(setup, failure):
    setup.servers.failures = {"server-a": [failure]}
    first = setup.run([make_point("a", concurrency=1)])
    points = [make_point("a", concurrency=2), make_point("b", argv=("--other",))]
    summary, noted = cooled(setup, points)
    assert setup.servers.started == ["server-b"]
    assert [item.status for item in summary.results] == ["pruned", "done"]
    assert summary.exit_code == 1
    told = summary.results[0].failure
    assert told.kind == "cooling_down"
    assert f"failed to load here less than a minute ago, in run {first.run_id}" in told.message
    assert f"({failure.kind}: {failure.message})" in told.message
    assert "optimization.cooldown_h=0 tries it now" in told.remedy
    assert "2026-11-23T04:1" in told.remedy
    assert [(item.code, item.message.startswith("1 of 2 points are not tried")) for item in noted] == [("AT211", True)]

    # AT211 is not said, and nothing left alone: wanted so, another config, or a while later.
    anyway = [make_point("a", concurrency=4, optimization={"cooldown_h": 0.0})]
    assert cooled(setup, anyway)[0].results[0].status == "done"
    other = [make_point("a", concurrency=2, argv=("--enforce-eager",))]
    assert cooled(setup, other)[0].results[0].status == "done"
    setup.now += timedelta(hours=1)
    summary, noted = cooled(setup, points)
    assert ([item.status for item in summary.results], noted) == (["done", "done"], [])


@pytest.mark.parametrize("failure", [LOST, Failure("timeout", "late"), Failure("image", "no such image")])
def test_failures_that_say_nothing_about_the_config_cool_nothing_down(setup, failure):
    setup.servers.failures = {"server-a": [failure]}
    setup.run([make_point("a", concurrency=1, optimization={"retries": 0})])
    assert cooled(setup, [make_point("a", concurrency=2)])[0].results[0].status == "done"


def test_failures_under_load_of_other_machines_and_of_the_future_cool_nothing_down(setup, monkeypatch):
    def act(job):
        setup.servers.died["server-a"] = OOM
        wait_cancelled(job)

    setup.client.act = act
    setup.run([make_point("a", concurrency=4)])
    setup.client.act = lambda job: None
    assert cooled(setup, [make_point("a", concurrency=1)])[0].results[0].status == "done"

    setup.servers.failures = {"server-b": [OOM]}
    setup.run([make_point("b", concurrency=1)])
    monkeypatch.setattr(platform, "node", lambda: "another")
    assert cooled(setup, [make_point("b", concurrency=2)])[0].results[0].status == "done"
    monkeypatch.undo()
    setup.now -= timedelta(hours=5)  # the clock was wrong then
    assert cooled(setup, [make_point("b", concurrency=4)])[0].results[0].status == "done"


def test_going_on_with_a_run_tries_what_was_cooling_down(setup):
    setup.servers.failures = {"server-a": [OOM]}
    setup.run([make_point("a", concurrency=1)])
    stop = Stop()
    points = [make_point("a", concurrency=2), make_point("b", argv=("--other",))]
    setup.listener = Listener(lambda event: stop.ask() if isinstance(event, ServerReady) else None)
    setup.run(points, stop=stop)
    assert [item.failure.kind for item in setup.store.results()] == ["cooling_down"]
    setup.now += timedelta(hours=2)
    assert [item.status for item in cooled(setup, points)[0].results] == ["done", "done"]


# --- the store


@pytest.mark.slow
def test_a_store_that_is_locked_is_waited_for_and_nothing_is_lost(setup, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    setup.store.close()
    setup.store = Store(setup.folder / "results.db")
    other = sqlite3.connect(setup.folder / "results.db", isolation_level=None, check_same_thread=False)

    def act(job):
        other.execute("begin immediate")

    def on_event(event):
        if isinstance(event, Noted):  # AT125: it waits
            other.execute("rollback")

    setup.client.act = act
    setup.listener = Listener(on_event)
    summary = setup.run([make_point("a")])
    other.close()
    assert [item.status for item in summary.results] == ["done"]
    (told,) = [event.diagnostic for event in setup.listener.of(Noted)]
    assert told.code == "AT125"
    assert "kept it locked" in told.message
    assert "tried again for up to 10 min" in told.message
    assert setup.store.problems() == []


def test_a_store_that_stays_locked_ends_the_run_after_the_patience_and_at_once_when_asked_to_stop(setup, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    setup.store.close()
    setup.store = Store(setup.folder / "results.db")
    other = sqlite3.connect(setup.folder / "results.db", isolation_level=None, check_same_thread=False)
    setup.client.act = lambda job: None if other.in_transaction else other.execute("begin immediate") and None
    with pytest.raises(InputError, match=r"AT031.*kept it locked.*was not stored"):
        setup.run([make_point("a")], patience_s=0.1)
    assert setup.servers.running == {}
    stop = Stop()
    other.execute("rollback")
    setup.listener = Listener(lambda event: stop.ask() if isinstance(event, Noted) else None)
    with pytest.raises(InputError, match=r"AT031.*kept it locked"):
        setup.run([make_point("a")], stop=stop)
    other.execute("rollback")
    other.close()
    setup.listener = Listener()
    setup.client.act = lambda job: None
    assert [item.status for item in setup.run([make_point("a")]).results] == ["done"]


@pytest.mark.slow
def test_a_full_disk_under_the_store_is_waited_for_until_there_is_room(setup, tmp_path):
    with small_disk(tmp_path / "small") as folder:
        setup.store.close()
        setup.store = Store(folder / "results.db")
        filling = []

        def act(job):
            (job.folder / "raw.bin").write_bytes(os.urandom(200_000))  # goes into the store with the result
            filling.append(fill(folder))

        def on_event(event):
            if isinstance(event, Noted):
                filling.pop().unlink()

        setup.client.act = act
        setup.listener = Listener(on_event)
        summary = setup.run([make_point("a")])
        assert [item.status for item in summary.results] == ["done"]
        (told,) = [event.diagnostic.message for event in setup.listener.of(Noted)]
        assert "the disk is full" in told
        assert setup.store.problems() == []
        setup.store.close()


@pytest.mark.slow
def test_a_database_server_that_goes_away_is_waited_for(setup):
    with postgres_server() as server:
        data = ["-D", server.folder / "data", "-w"]
        setup.store.close()
        setup.store = Store(server.database())
        setup.client.act = lambda job: server.call("pg_ctl", *data, "-m", "immediate", "stop") and None

        def on_event(event):
            if isinstance(event, Noted):
                options = f"-k {server.folder} -c listen_addresses="
                server.call(
                    "pg_ctl", *data, "-l", server.folder / "log", "-o", options, "start", stdin=subprocess.DEVNULL
                )

        setup.listener = Listener(on_event)
        summary = setup.run([make_point("a")])
        assert [item.status for item in summary.results] == ["done"]
        (told,) = [event.diagnostic.message for event in setup.listener.of(Noted)]
        assert "cannot be used" in told
        assert "hunter2" not in told
        assert [item.status for item in setup.store.results()] == ["done"]
        setup.store.close()


# --- the disk


def test_a_full_disk_is_a_failure_of_the_machine_and_the_point_is_run_once_there_is_room(setup, tmp_path):
    with small_disk(tmp_path / "small", "4m") as folder:
        filling = []

        def act(job):
            if not filling:
                filling.append(fill(folder))
                (job.folder / "raw.json").write_bytes(b"1" * 10_000)

        setup.client.act = act
        wanted = {"retries": 1, "retry_pause_s": 0.0}
        points = [make_point("a", optimization=wanted), make_point("b", optimization=wanted)]
        summary = setup.run(points, data_dir=folder)
        assert [(item.status, item.failure.kind) for item in summary.results] == [("failed", "infrastructure")] * 2
        assert summary.results[1].failure.message.startswith("the server cannot be started: [Errno 28] No space left")
        assert summary.results[1].failure.remedy == "free disk space"
        assert setup.servers.started == ["server-a"]  # where not even a log fits, no engine is started
        with pytest.raises(
            InputError, match=r"AT050: the folder .*small/runs cannot be written: No space left on device"
        ):
            setup.run([make_point("c")], data_dir=folder)
        filling.pop().unlink()
        filling.append(None)
        again = setup.run(points, data_dir=folder, run_id=summary.run_id)
        assert [item.status for item in again.results] == ["done", "done"]


def test_what_a_load_client_says_of_a_full_disk_is_the_machines_fault():
    said = machine_failure(BenchError("exit code 1", "Traceback ...\nOSError: [Errno 28] No space left on device: 'x'"),
                           "Traceback ...\nOSError: [Errno 28] No space left on device: 'x'")  # fmt: skip
    assert (said.kind, said.remedy) == ("infrastructure", "free disk space")
    assert said.message == "OSError: [Errno 28] No space left on device: 'x'"
    assert machine_failure(BenchError("no request completed", "HTTP 500")) is None
    assert machine_failure(KeyError("x")) is None


def test_a_folder_that_cannot_be_written_is_said_before_anything_starts(setup, tmp_path):
    with small_disk(tmp_path / "fixed", "4m") as folder:
        (folder / "runs").mkdir()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        with pytest.raises(InputError, match=r"AT050.*Read-only file system"):
            setup.run([make_point("a")], data_dir=folder)
        assert setup.store.runs() == []


# --- pulse, and being asked to stop


def test_a_run_has_a_pulse_while_it_is_worked_on_and_none_before_and_after(setup):
    seen = []

    def act(job):
        folder = job.folder.parents[2]
        seen.append((folder, take_pulse(folder)))

    setup.client.act = act
    setup.run([make_point("a"), make_point("b")])
    folder, vitals = seen[0]
    assert vitals.alive == "here"
    assert (vitals.beat.pid, vitals.beat.host, vitals.beat.points) == (os.getpid(), platform.node(), 2)
    assert take_pulse(folder).alive is None
    assert not (folder / ALIVE_FILE).exists()
    assert take_pulse(folder / "nowhere").alive is None


def test_a_run_of_another_machine_lives_as_long_as_it_beats(tmp_path):
    beat = {"pid": 1, "host": "another", "user": "u", "started_at": "2026", "settled": 1, "points": 2}
    (tmp_path / ALIVE_FILE).write_text(json.dumps(beat))
    assert take_pulse(tmp_path).alive == "elsewhere"
    assert take_pulse(tmp_path, datetime.now(UTC) + timedelta(minutes=2)).alive is None
    (tmp_path / ALIVE_FILE).write_text(json.dumps({**beat, "host": platform.node()}))
    assert take_pulse(tmp_path).alive is None  # here the lock says so, at once
    (tmp_path / ALIVE_FILE).write_text("half a li")
    assert take_pulse(tmp_path).beat is None


@pytest.mark.parametrize("at_once", [False, True])
def test_another_process_can_ask_a_run_to_stop(setup, at_once):
    def on_event(event):
        if isinstance(event, PointStarted):
            (folder,) = [item for item in (setup.folder / "runs").iterdir() if item.is_dir()]
            ask_to_stop(folder, at_once=at_once)

    setup.client.act = wait_cancelled
    setup.listener = Listener(on_event)
    threads = threading.active_count()
    summary = setup.run([make_point("a"), make_point("b")])
    assert (summary.exit_code, summary.waiting) == (143, 2)
    assert setup.servers.running == {}
    assert "`autotune cancel` by" in setup.listener.of(Stopping)[0].by
    assert setup.listener.of(Stopping)[-1].at_once is at_once
    assert threading.active_count() == threads

    # What was asked of the process before does not stop the next one, not even after several looks.
    def listen(job):
        end = time.monotonic() + 0.5
        while not job.cancelled() and time.monotonic() < end:
            time.sleep(0.02)

    setup.client.act = listen
    setup.listener = Listener()
    ask_to_stop(summary.folder, at_once=True)
    assert [item.status for item in setup.run([make_point("a"), make_point("b")]).results] == ["done", "done"]


def test_a_terminal_that_goes_away_stops_the_run_politely_and_one_under_nohup_goes_on(setup):
    def act(job):
        os.kill(os.getpid(), signal.SIGHUP)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            wait_cancelled(job)

    setup.client.act = act
    assert setup.run([make_point("a")]).exit_code == 128 + signal.SIGHUP
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert setup.run([make_point("a")]).exit_code == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, former)


def test_a_sweep_goes_on_when_nobody_can_be_told_of_it_any_more(setup):
    def on_event(event):
        raise BrokenPipeError

    setup.listener = Listener(on_event)
    assert [item.status for item in setup.run([make_point("a"), make_point("b")]).results] == ["done", "done"]
    assert len(setup.listener.events) == 1
