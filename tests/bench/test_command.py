import os
import sys
import time

import psutil
import pytest

from autotune.bench import BenchCancelled, BenchError
from autotune.bench.command import find_command, run_command

# Starts a child of its own, says its number and sleeps.
SLEEPER = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"


def run(argv, folder, timeout_s=20.0, cancelled=lambda: False, env=None):
    return run_command(argv, folder=folder, log=folder / "log", env=env or {}, timeout_s=timeout_s, cancelled=cancelled)


def alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_it_runs_in_its_folder_with_the_environment_given_and_its_output_in_the_log(tmp_path):
    code = "import os, sys; print(os.getcwd(), os.environ['AUTOTUNE_X'], flush=True); print('bad', file=sys.stderr); sys.exit(3)"
    assert run([sys.executable, "-c", code], tmp_path, env={"AUTOTUNE_X": "y z"}) == 3
    assert (tmp_path / "log").read_text().split("\n") == [f"{tmp_path.resolve()} y z", "bad", ""]


@pytest.mark.parametrize("how", ["late", "cancelled"])
def test_a_command_that_is_late_or_cancelled_goes_with_all_its_children(tmp_path, how):
    log = tmp_path / "log"
    error = BenchError if how == "late" else BenchCancelled
    with pytest.raises(error) as caught:
        run([sys.executable, "-c", SLEEPER], tmp_path, timeout_s=1.0 if how == "late" else 60,
            cancelled=lambda: how == "cancelled" and log.exists() and log.stat().st_size > 0)  # fmt: skip
    child = int(caught.value.log_tail)
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def test_a_child_that_must_be_killed_and_holds_much_memory_is_gone_when_the_command_is_said_to_be(tmp_path):
    # As aiperf's services: they ignore SIGTERM, and giving back their memory takes the kernel a moment.
    child = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); held = b'x' * (600 << 20); print(os.getpid(), flush=True); signal.pause()"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    log = tmp_path / "log"
    with pytest.raises(BenchCancelled) as caught:
        run(
            [sys.executable, "-c", parent],
            tmp_path,
            timeout_s=60,
            cancelled=lambda: log.exists() and log.read_bytes().endswith(b"\n"),
        )
    assert not alive(int(caught.value.log_tail))


def test_children_left_behind_by_a_command_that_ended_are_ended(tmp_path):
    code = SLEEPER.replace("; time.sleep(60)", "")
    assert run([sys.executable, "-c", code], tmp_path) == 0
    child = int((tmp_path / "log").read_text())
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def test_a_command_is_looked_for_in_the_folder_given_and_then_on_path(tmp_path, monkeypatch):
    mine, on_path = tmp_path / "mine", tmp_path / "path"
    for folder in (mine, on_path):
        folder.mkdir()
        (folder / "tool").write_text("#!/bin/sh\n")
        (folder / "tool").chmod(0o755)
    monkeypatch.setenv("PATH", str(on_path))
    assert find_command("tool", str(mine)) == os.fspath(mine / "tool")
    assert find_command("tool", str(tmp_path)) == os.fspath(on_path / "tool")
    assert find_command("tool", None) == os.fspath(on_path / "tool")
    assert find_command("no-such-tool", str(mine)) is None
