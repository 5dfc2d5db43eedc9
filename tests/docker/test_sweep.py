"""A sweep of the real engine in containers, two at a time, with the Docker engine stopped in the middle and started again."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

from .daemon import mounts_below
from .images import borrowed_folders

pytestmark = [pytest.mark.docker, pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
#: By itself vLLM binds the threads of every server to the same cores, where two of them stall each other for seconds.
ONE_THREAD = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1"}
#: Each server takes half a minute to start, alone on two cores; with the retries six of them start, two at a time.
LIMIT_S = 900.0


@pytest.fixture
def daemon(docker_engine):
    if docker_engine.daemon is None:
        pytest.skip("the Docker engine here was not started by the tests, and is not theirs to stop")
    return docker_engine.daemon


class Sweep:
    """One `autotune run` of four points in a home of its own, the third of which no engine can start."""

    def __init__(self, home, engine, image, model, mounts):
        self.home = home
        self.client = engine.client
        self.most_at_once = 0
        self.ports = set()
        self.image = image
        self.env = {**engine.env, "AUTOTUNE_HOME": str(home), "PYTHONPATH": str(ROOT)}
        task = {
            "system": "cpu",
            "model": {"id": str(model), "served_name": "tiny"},
            "runtime": {"isl": 50, "osl": 20},
            "misc": {"dtype": "float32", "cuda_graphs": False},
            "executor": {
                "name": "docker", "ready_timeout_s": 400, "stop_timeout_s": 20, "outage_timeout_s": 120, "volumes": mounts,
                "env": {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", **ONE_THREAD},
            },
            "benchmark": {"tool": "quick", "num_concurrency": [2], "max_time_s": 20, "max_requests": 10_000},
            "optimization": {"max_parallel": 2, "timeout_s": 600},
            "sweep": {
                "scheduling.max_running_requests,misc.extra_args": [
                    [2, {}], [4, {}], [4, {"--max-model-len": 100_000}], [8, {}],
                ],
            },
        }  # fmt: skip
        (home / "task.yaml").write_text(yaml.safe_dump(task))

    def start(self):
        # Into a file: nobody reads a pipe while the test waits for other things.
        with (self.home / "out").open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "autotune", "run", "task.yaml", f"system.image={self.image}"], cwd=self.home, env=self.env, stdout=out, stderr=out
            )  # fmt: skip

    def said(self):
        return (self.home / "out").read_text()

    def results(self):
        words = [sys.executable, "-m", "autotune", "results", "--format", "json"]
        done = subprocess.run(words, cwd=self.home, env=self.env, capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else []

    def running(self):
        found = self.client.containers.list(filters={"label": "autotune/run"})
        self.most_at_once = max(self.most_at_once, len(found))
        self.ports |= {int(bound["HostPort"]) for item in found for bound in item.ports.get("8000/tcp") or ()}
        return found

    def in_the_middle(self):
        """Whether a point is done and another is being measured."""
        self.running()
        done = self.said().count("] done ")
        return 0 < done < self.said().count("measuring ")


def wait_for(condition, process, sweep, timeout_s=LIMIT_S):
    end = time.monotonic() + timeout_s
    while not condition():
        assert process.poll() is None, sweep.said()
        assert time.monotonic() < end, sweep.said()
        time.sleep(0.2)


def engine_processes(model):
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if str(model) in (words := process.info["cmdline"] or []) and "serve" in words
    ]


def listens(port):
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def sweep(docker_engine, make_image, tiny_model, vllm_bin, tmp_path):
    bound = [*borrowed_folders(vllm_bin), tiny_model]
    image = make_image("vllm-mounted", path=[str(vllm_bin)])
    return Sweep(tmp_path, docker_engine, image, tiny_model, [f"{folder}:{folder}:ro" for folder in bound])


def test_a_sweep_in_containers_survives_the_docker_engine(daemon, sweep, tiny_model):
    layers = sorted((daemon.folder / "data" / "vfs" / "dir").iterdir())
    process = sweep.start()
    try:
        wait_for(lambda: len(sweep.running()) == 2, process, sweep)
        wait_for(sweep.in_the_middle, process, sweep)
        daemon.stop()
        assert not engine_processes(tiny_model)
        daemon.start()
        end = time.monotonic() + LIMIT_S
        while process.poll() is None:
            assert time.monotonic() < end, sweep.said()
            sweep.running()
            time.sleep(0.5)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)

    print(sweep.said())
    rows = sweep.results()
    assert process.returncode == 1, sweep.said()
    assert len({row["point_id"] for row in rows}) == len(rows) == 4
    done = [row for row in rows if row["status"] == "done"]
    assert len(done) == 3
    for row in done:
        assert row["kind"] == "measured"
        (metrics,) = row["measurements"]
        assert metrics["error_rate"] <= 0.01, (
            "no more than benchmark.max_error_rate: the outage of the engine is not in it"
        )
        assert metrics["completed"] >= 2
        assert metrics["output_tokens_per_s"] > 1
    (broken,) = [row for row in rows if row["status"] == "failed"]
    assert broken["failure"]["kind"] == "start_crash"
    assert "max_model_len" in broken["failure"]["message"]
    assert sweep.most_at_once == 2
    assert any(row["attempts"] > 1 for row in rows), "the engine was stopped below a running server"
    assert sweep.ports, "the servers were seen on their ports"

    # Nothing is left: no container, network, port, process, mount, nor folder of one.
    assert sweep.client.containers.list(all=True) == []
    assert sweep.client.volumes.list() == []
    assert {network.name for network in sweep.client.networks.list()} == {"bridge", "host", "none"}
    assert [port for port in sweep.ports if listens(port)] == []
    assert not engine_processes(tiny_model)
    assert [mount for mount in mounts_below(daemon.folder) if "/containers/" in mount or "/vfs/" in mount] == []
    assert list((daemon.folder / "data" / "containers").iterdir()) == []
    assert sorted((daemon.folder / "data" / "vfs" / "dir").iterdir()) == layers
    (run,) = (sweep.home / "runs").glob("*-*")
    assert list((run / "servers").iterdir()) == []
    for row in rows:
        assert "(APIServer pid=1)" in (run / "points" / row["point_id"] / "server.log").read_text()
