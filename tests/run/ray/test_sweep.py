"""A sweep on a local Ray gives the table that the same sweep gives elsewhere. The GPUs are declared to Ray; no engine uses them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

import autotune
from autotune.run import Stop, run_points
from autotune.run.events import PointStarted
from autotune.run.ray.worker import remove_leftovers
from autotune.store import Store
from tests.run.cluster.test_sweep import SWEEP, table
from tests.run.points import NO_GPU

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")

pytestmark = [
    pytest.mark.slow,
    # Ray opens log files and sockets that it leaves to the end of the process.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[3]

#: An engine in a process of its own: the emulated one behind the command line of vLLM.
ENGINE = f"""#!{sys.executable}
import json, os, sys
sys.path.insert(0, {str(ROOT)!r})
arguments = sys.argv[1:]
value = lambda name: arguments[arguments.index(name) + 1]
with open(os.environ["ENGINE_NOTES"], "a") as notes:
    print(json.dumps({{"pid": os.getpid(), "devices": os.environ.get("CUDA_VISIBLE_DEVICES", "")}}), file=notes, flush=True)
print("stub engine", *arguments, flush=True)
if value("--tensor-parallel-size") == os.environ.get("BROKEN_TP"):
    sys.exit("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.")
import uvicorn
from autotune.bench.emulated import EMULATED_HEADER, SPEED_HEADER
from autotune.run.emulated_engine import EmulatedEngine
from autotune.run.emulated_server import _Api
from tests.run.timings import LinearTiming
uvicorn.run(_Api(EmulatedEngine(LinearTiming(), 100.0), "tiny", 131072).app(), host=value("--host"), port=int(value("--port")),
            log_level="critical", headers=[(EMULATED_HEADER, "true"), (SPEED_HEADER, "100.0")])
"""


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory):
    """Where the workers put their temporary folders."""
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def cluster(node_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(node_folder))
        ray.init(address="local", num_cpus=8, num_gpus=8, include_dashboard=False, log_to_driver=False, configure_logging=False,
                 object_store_memory=100 * 2**20, _temp_dir="/tmp/ray")  # fmt: skip
    yield ray
    ray.shutdown()


@pytest.fixture
def sweep(tmp_path, cluster):
    """Overrides of the sweep on this cluster, and what the engines noted."""
    command = tmp_path / "bin" / "vllm"
    command.parent.mkdir()
    command.write_text(ENGINE)
    command.chmod(0o755)
    notes = tmp_path / "notes"
    overrides = [*SWEEP, "executor=ray", f"executor.bin_dir={command.parent}", f"executor.env.ENGINE_NOTES={notes}",
                 "executor.stop_timeout_s=2", "system.gpus_per_node=8"]  # fmt: skip
    return overrides, notes


def engines(notes):
    return [json.loads(line) for line in notes.read_text().splitlines()]


def free_gpus():
    return ray.available_resources().get("GPU", 0)


def wait_until(condition, timeout_s=30.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def test_six_points_give_the_table_of_the_emulated_executor(tmp_path, sweep):
    overrides, notes = sweep
    with Store(tmp_path / "ray.db") as store:
        points = autotune.compile(overrides)
        summary = run_points(points, store=store, data_dir=tmp_path / "ray", probes=NO_GPU)
        measured = table(store)
        assert [(result.failure, result.status) for result in summary.results] == [(None, "done")] * 6
        first = store.results()[0]
    assert {result.kind for result in summary.results} == {"measured"}
    assert first.environment["autotune"] == autotune.__version__
    assert sorted(len(note["devices"].split(",")) for note in engines(notes)) == [1, 2, 4]
    assert not any(psutil.pid_exists(note["pid"]) for note in engines(notes))
    wait_until(lambda: free_gpus() == 8)
    log = summary.folder / "points" / summary.results[0].point_id / "server.log"
    assert "stub engine serve" in log.read_text()
    with Store(tmp_path / "emulated.db") as store:
        points = autotune.compile([*SWEEP, "executor=emulated", "executor.speed=100"])
        run_points(points, store=store, data_dir=tmp_path / "emulated", probes=NO_GPU)
        assert measured == table(store)


def test_an_engine_that_fails_on_its_node_is_classed_and_the_others_go_on(tmp_path, sweep):
    overrides, _ = sweep
    with Store(tmp_path / "ray.db") as store:
        points = autotune.compile([*overrides, "executor.env.BROKEN_TP='2'"])
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU)
    assert [result.status for result in summary.results] == ["done", "done", "failed", "failed", "done", "done"]
    assert summary.results[2].failure.kind == "out_of_memory"
    wait_until(lambda: free_gpus() == 8)


def test_ctrl_c_ends_the_engine_and_gives_its_gpus_back(tmp_path, sweep):
    overrides, notes = sweep
    stop = Stop()

    class Listener:
        def report(self, event):
            if isinstance(event, PointStarted):
                stop.ask()

    with Store(tmp_path / "ray.db") as store:
        points = autotune.compile([*overrides, "benchmark.max_requests=100000", "optimization.max_parallel=1"])
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU, stop=stop, reporter=Listener())
    assert (summary.exit_code, summary.waiting) == (130, 6)
    assert not any(psutil.pid_exists(note["pid"]) for note in engines(notes))
    wait_until(lambda: free_gpus() == 8)


def test_an_actor_that_dies_is_a_failure_of_the_machine_and_the_point_is_tried_again(tmp_path, sweep):
    overrides, notes = sweep
    killed = threading.Event()

    class Listener:
        def report(self, event):
            if isinstance(event, PointStarted) and not killed.is_set():
                killed.set()
                (note,) = engines(notes)
                worker = psutil.Process(note["pid"]).parent().parent()
                assert "ray" in " ".join(worker.cmdline())
                worker.kill()

    with Store(tmp_path / "ray.db") as store:
        one = [item for item in overrides if not item.startswith(("parallel.tp", "benchmark.num_concurrency"))]
        points = autotune.compile([*one, "parallel.tp=2", "benchmark.num_concurrency=1"])
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU, reporter=Listener())
    assert [(result.status, result.attempts) for result in summary.results] == [("done", 2)]
    wait_until(lambda: not any(psutil.pid_exists(note["pid"]) for note in engines(notes)))


def test_a_command_that_is_killed_leaves_neither_engine_nor_actor(tmp_path, sweep, node_folder):
    overrides, notes = sweep
    address = ray.get_runtime_context().gcs_address
    command = [
        sys.executable,
        "-m",
        "autotune",
        "run",
        *overrides,
        f"executor.address={address}",
        "benchmark.max_requests=100000",
        "-m",
    ]
    with subprocess.Popen(
        command, env={**os.environ, "AUTOTUNE_HOME": str(tmp_path)}, stderr=subprocess.DEVNULL
    ) as driver:
        wait_until(lambda: notes.exists() and engines(notes))
        assert free_gpus() < 8
        driver.kill()
    wait_until(lambda: free_gpus() == 8)
    wait_until(lambda: not any(psutil.pid_exists(note["pid"]) for note in engines(notes)))
    assert len(list(node_folder.iterdir())) >= 1
    remove_leftovers(node_folder)
    assert list(node_folder.iterdir()) == []


def test_what_no_node_has_room_for_is_said_with_what_it_needs(tmp_path, sweep):
    overrides, _ = sweep
    with Store(tmp_path / "ray.db") as store:
        one = [item for item in overrides if not item.startswith(("parallel.tp", "benchmark.num_concurrency"))]
        points = autotune.compile([*one, "parallel.tp=4", "benchmark.num_concurrency=1",
                                   "executor.accelerator_type=H100", "executor.resources={disk: 2}", "executor.schedule_timeout_s=0.5"])  # fmt: skip
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU)
    (result,) = summary.results
    assert (result.failure.kind, result.attempts) == ("infrastructure", 2)
    assert "no node of the Ray cluster had room for 4 H100 GPUs, 1 CPUs, 2 disk within" in result.failure.message


def test_an_engine_that_is_not_on_the_node_is_named_with_the_node(tmp_path, sweep):
    overrides, _ = sweep
    with Store(tmp_path / "ray.db") as store:
        points = autotune.compile([*overrides, f"executor.bin_dir={tmp_path / 'nowhere'}"])
        summary = run_points(points, store=store, data_dir=tmp_path, probes=NO_GPU)
    assert "the command `vllm` of vllm is not in" in summary.results[0].failure.message
