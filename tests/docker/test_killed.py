"""`autotune run executor=docker` ended in the hard ways, with a stub in the place of the inference engine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from .images import borrowed_folders

pytestmark = [pytest.mark.docker, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def image(make_image):
    return make_image("never-ready", files={"/engine/vllm": "#!/bin/sh\nexec sleep 600\n"}, path=["/engine"])


@pytest.fixture
def start(docker_engine, image, tmp_path):
    """Start a run of two servers that never become ready; whatever process is left at the end is killed."""
    task = {
        "system": "cpu",
        "model": {"id": "Qwen/Qwen3-0.6B"},
        "misc": {"dtype": "float32"},
        "executor": {"name": "docker", "volumes": [f"{path}:{path}:ro" for path in borrowed_folders()]},
        "benchmark": {"tool": "quick"},
        "optimization": {"max_parallel": 2},
        "sweep": {"scheduling.max_running_requests": [2, 4]},
    }
    (tmp_path / "task.yaml").write_text(yaml.safe_dump(task))
    env = {**docker_engine.env, "AUTOTUNE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "autotune", "run", "task.yaml", f"system.image={image}"]
    started = []

    def begin(*more):
        with (tmp_path / "out").open("ab") as out:
            started.append(subprocess.Popen([*words, *more], cwd=tmp_path, env=env, stdout=out, stderr=out))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()
    for container in docker_engine.client.containers.list(all=True, filters={"label": "autotune/run"}):
        container.remove(force=True)


def wait_for_two(engine, process, home, other_than=frozenset()):
    end = time.monotonic() + LIMIT_S
    while True:
        found = {item.id for item in engine.client.containers.list(filters={"label": "autotune/run"})}
        if len(found) == 2 and not found & other_than:
            return found
        assert process.poll() is None, (home / "out").read_text()
        assert time.monotonic() < end, (home / "out").read_text()
        time.sleep(0.1)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_run_after_a_kill_removes_its_containers_and_a_signal_its_own(docker_engine, start, tmp_path, sent, code):
    killed = start()
    left = wait_for_two(docker_engine, killed, tmp_path)
    killed.kill()
    killed.wait()
    assert {item.id for item in docker_engine.client.containers.list()} == left, "nobody was there to remove them"

    again = start()
    wait_for_two(docker_engine, again, tmp_path, other_than=left)
    again.send_signal(sent)
    assert again.wait(LIMIT_S) == code, (tmp_path / "out").read_text()
    assert docker_engine.client.containers.list(all=True) == []
    (run,) = (tmp_path / "runs").glob("*-*")
    assert list((run / "servers").iterdir()) == []
