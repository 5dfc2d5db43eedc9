"""A real vLLM under the local executor. Needs AUTOTUNE_VLLM_BIN (folder of the command) and AUTOTUNE_TINY_MODEL (a model folder)."""

import os
import socket

import psutil
import pytest

import autotune
from autotune.run import run_points
from autotune.run.events import ServerReady
from autotune.store import Store

BIN = os.environ.get("AUTOTUNE_VLLM_BIN")
MODEL = os.environ.get("AUTOTUNE_TINY_MODEL")

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not (BIN and MODEL), reason="AUTOTUNE_VLLM_BIN and AUTOTUNE_TINY_MODEL name no engine and model"
    ),
]

OVERRIDES = [
    f"model.id={MODEL}", "model.served_name=tiny", "executor=local", f"executor.bin_dir={BIN}", "benchmark.tool=quick",
    "benchmark.traffic_scenarios=['D(50,20)']", "benchmark.max_requests=8", "misc.dtype=float32", "misc.cuda_graphs=false",
    "executor.env={VLLM_CPU_KVCACHE_SPACE: '1', VLLM_NO_USAGE_STATS: '1', DO_NOT_TRACK: '1', HF_HUB_OFFLINE: '1'}",
    "system.backend_version=0.32.0", "runtime.isl=50", "runtime.osl=20",
]  # fmt: skip


def test_two_points_are_served_by_one_engine_and_a_config_it_refuses_is_explained(tmp_path):
    good = autotune.compile([*OVERRIDES, "misc.context_length=1024", "benchmark.num_concurrency=1,4"])
    bad = autotune.compile([*OVERRIDES, "misc.extra_args={--max-model-len: 100000}", "benchmark.num_concurrency=1"])
    before = {process.pid for process in psutil.process_iter()}
    with Store(tmp_path / "results.db") as store:
        summary = run_points([*bad, *good], store=store, data_dir=tmp_path)
    refused, *done = summary.results
    assert refused.failure.kind == "start_crash"
    assert refused.failure.message.startswith(
        "User-specified max_model_len (100000) is greater than the derived max_model_len"
    )
    assert [result.status for result in done] == ["done", "done"]
    assert all(result.measurements[0].completed == 8 for result in done)
    assert all(result.measurements[0].output_tokens_per_s > 0 for result in done)

    logs = [path for path in summary.folder.glob("points/*/server.log") if not path.is_symlink()]
    assert len(logs) == 2
    started = [
        process
        for process in psutil.process_iter()
        if process.pid not in before and str(MODEL) in " ".join(process.cmdline())
    ]
    assert started == []
    port = next(
        word
        for log in logs
        for line in log.read_text().splitlines()
        if "http://127.0.0.1:" in line
        for word in line.split()
        if "127.0.0.1" in word
    )
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", int(port.rpartition(":")[2])))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core cannot be shared out")
def test_two_engines_at_once_have_cores_of_their_own(tmp_path):
    points = autotune.compile(
        [
            *OVERRIDES,
            "system.gpu=cpu",
            "misc.context_length=512,1024",
            "benchmark.num_concurrency=1",
            "optimization.max_parallel=2",
        ]
    )
    bound = []

    class Listener:
        """Which cores the processes of each server may use, its workers too, whenever one is ready."""

        def report(self, event):
            if isinstance(event, ServerReady):
                supervisors = [child for child in psutil.Process().children() if "--cpus" in child.cmdline()]
                families = [[supervisor, *supervisor.children(recursive=True)] for supervisor in supervisors]
                bound.append([{cpu for process in family for cpu in process.cpu_affinity()} for family in families])

    with Store(tmp_path / "results.db") as store:
        summary = run_points(points, store=store, data_dir=tmp_path, reporter=Listener())
    assert [result.status for result in summary.results] == ["done", "done"], summary.results
    together = max(bound, key=len)
    assert len(together) == 2, "both ran at the same time"
    first, second = together
    assert first.isdisjoint(second)
