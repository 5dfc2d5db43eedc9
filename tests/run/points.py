"""Points, executors and clients for the tests of running: small, and told what to do."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotune.bench import BenchError, BenchJob, Endpoint, Measurement
from autotune.compiled import CompiledPoint
from autotune.engines.deployment import Deployment
from autotune.run.choose import Probes
from autotune.run.executor import Cancelled, ExperimentFailed
from autotune.schema import Config, stable_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from autotune.store.result import Failure

NO_GPU = Probes(command=lambda name: None, gpus=lambda: ())


def make_point(
    server: str = "a",
    *,
    executor: dict[str, Any] | None = None,
    concurrency: int = 1,
    gpus: int = 1,
    files: dict[str, str] | None = None,
    env: dict[str, str] | None = None,
    argv: tuple[str, ...] = (),
    vendor: str = "nvidia",
    **groups: Any,
) -> CompiledPoint:
    """A point on the server of that name; points of one name share it. `groups` are merged into the config."""
    data = {
        "model": {"id": "org/tiny", "served_name": "tiny"},
        "executor": executor or {"name": "local"},
        "benchmark": {"tool": "quick", "num_concurrency": [concurrency], "max_time_s": 5.0},
        "optimization": {"retry_pause_s": 0.0},
    }
    for group, values in groups.items():
        data[group] = {**data.get(group, {}), **values}
    config = Config.model_validate(data)
    plain = config.as_dict()
    deployment = Deployment(
        name=f"server-{server}",
        engine="vllm",
        engine_version="0.32.0",
        image="vllm/vllm-openai",
        argv=("vllm", "serve", "org/tiny", "--host", "0.0.0.0", "--port", "8000", *argv),
        env=env or {},
        port=8000,
        gpus=gpus,
        gpu_name="h100_sxm",
        gpu_vendor=vendor,
        gpu_resource="nvidia.com/gpu",
        served_name="tiny",
        model="org/tiny",
        files=files or {},
    )
    return CompiledPoint(
        id=f"{server}-{stable_hash(plain, 6)}",
        overrides=("model.id=org/tiny", f"server={server}", f"benchmark.num_concurrency={concurrency}"),
        profiles=(),
        data=plain,
        config=config,
        facts=None,
        deployment=deployment,
        applied_layers=(),
        origin={},
        diagnostics=(),
    )


@dataclass
class FakeServers:
    """Makes executors that only take notes. `failures` maps a server's name to what its starts fail with, in turn."""

    failures: dict[str, list[Failure | None]] = field(default_factory=dict)
    capacity_seen: int = 0
    started: list[str] = field(default_factory=list)
    running: dict[str, tuple[str, ...]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    cpus: dict[str, tuple[int, ...]] = field(default_factory=dict)
    kind: str = "measured"
    speed: float = 1.0
    slow_start_s: float = 0.0
    died: dict[str, Failure] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, settings: Any, timing_of: Any) -> FakeExecutor:
        return FakeExecutor(self)


class FakeExecutor:
    def __init__(self, servers: FakeServers) -> None:
        self.servers = servers
        self.kind = servers.kind
        self.speed = servers.speed
        self.name = ""

    def preflight(self, deployment: Deployment) -> list[Any]:
        return []

    def deploy(self, deployment: Deployment, place: Any) -> Endpoint:
        self.name = deployment.name
        with self.servers.lock:
            self.servers.started.append(self.name)
            self.servers.running[self.name] = place.devices
            self.servers.cpus[self.name] = place.cpus
            self.servers.capacity_seen = max(self.servers.capacity_seen, len(self.servers.running))
        # Nothing listens there, and nobody is asked for the address.
        return Endpoint("http://127.0.0.1:9", "tiny", "org/tiny", "vllm")

    def ready(self, endpoint: Endpoint, limit_s: float, cancelled: Callable[[], bool]) -> None:
        end = time.monotonic() + self.servers.slow_start_s
        while time.monotonic() < end:
            if cancelled():
                raise Cancelled
            time.sleep(0.01)
        planned = self.servers.failures.get(self.name, [])
        if planned and (failure := planned.pop(0)) is not None:
            raise ExperimentFailed(failure)

    def failure(self) -> Failure | None:
        return self.servers.died.get(self.name)

    def logs(self) -> str:
        return "the log"

    def remove(self, *, at_once: bool = False) -> None:
        with self.servers.lock:
            if self.servers.running.pop(self.name, None) is not None:
                self.servers.removed.append(self.name)
                self.servers.died.pop(self.name, None)


@dataclass
class FakeClient:
    """Measures without sending anything. `act` may raise, or return other measurements."""

    act: Callable[[BenchJob], list[Measurement] | None] = lambda job: None
    jobs: list[BenchJob] = field(default_factory=list)

    def preflight(self, benchmark: Any) -> list[Any]:
        return []

    def measure(self, job: BenchJob) -> list[Measurement]:
        self.jobs.append(job)
        answer = self.act(job)
        return [measurement(load) for load in job.loads] if answer is None else answer


def measurement(load: Any, speed: float = 100.0) -> Measurement:
    return Measurement(
        load=load,
        ttft_ms={"mean": 12.0, "p99": float("nan")},
        tpot_ms={"mean": 2.0},
        e2e_latency_ms={"mean": 300.0},
        output_tokens_per_s=speed,
        output_tokens_per_s_per_gpu=speed,
        completed=10,
    )


def wait_cancelled(job: BenchJob) -> None:
    """A client that measures until it is told to stop."""
    end = time.monotonic() + 20
    while not job.cancelled():
        if time.monotonic() > end:
            raise AssertionError("nobody cancelled the benchmark")
        time.sleep(0.01)
    raise BenchError("cancelled")


STUB_ENGINE = f"""#!{sys.executable} -S
import http.server, os, subprocess, sys, time
arguments = sys.argv[1:]
port = int(arguments[arguments.index("--port") + 1])
host = arguments[arguments.index("--host") + 1]
print("stub engine", " ".join(arguments), flush=True)
if "--max-model-len" in arguments:
    print("ValueError: User-specified max_model_len (100000) is greater than the derived max_model_len", flush=True)
    sys.exit(1)
if "--slow" in arguments:
    time.sleep(60)
if "--detach" in arguments:
    # a worker in a session of its own whose parent is gone: nobody's child, in nobody's group, deaf to SIGTERM
    worker = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    starter = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-S', '-c', " + repr(worker) + "], start_new_session=True).pid, flush=True)"
    with open(os.environ["STUB_PIDS"], "a") as pids:
        subprocess.run([sys.executable, "-S", "-c", starter], stdout=pids, check=True)
if "STUB_PIDS" in os.environ:
    with open(os.environ["STUB_PIDS"], "a") as pids:
        print(os.getpid(), file=pids)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            print("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", flush=True)
            os._exit(1)
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ.get("CUDA_VISIBLE_DEVICES", "").encode())
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer((host, port), Handler).serve_forever()
"""


def make_stub_engine(folder: Path) -> Path:
    """A folder with a command `vllm` that serves nothing but its health."""
    folder.mkdir(parents=True, exist_ok=True)
    command = folder / "vllm"
    command.write_text(STUB_ENGINE)
    command.chmod(0o755)
    return folder
