"""The engine as a process of this machine, under a supervisor that outlives autotune by a few seconds at most."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from autotune.bench.client import Endpoint
from autotune.diagnostics import diagnostic
from autotune.engines.deployment import with_endpoint
from autotune.run import supervise
from autotune.run.executor import ExperimentFailed
from autotune.run.failures import classify
from autotune.run.leftovers import SERVER_VARIABLE, end_tree
from autotune.run.local_files import move_files
from autotune.run.log_file import read_tail, set_aside
from autotune.run.readiness import wait_ready
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Kind
    from autotune.run.executor import Place
    from autotune.run.failures import Phase
    from autotune.schema import LocalExecutor

HOST = "127.0.0.1"
#: What tells an engine which GPUs are its own, by vendor.
VISIBLE_DEVICES = {"nvidia": "CUDA_VISIBLE_DEVICES", "amd": "HIP_VISIBLE_DEVICES"}
#: Time the supervisor has beyond the engine's own, to end what the engine left and itself.
_SUPERVISOR_S = 15.0


class LocalServer:
    """One engine process. Its output goes to `server.log` in the point's folder."""

    kind: Kind = "measured"
    speed = 1.0

    def __init__(self, settings: LocalExecutor) -> None:
        self._settings = settings
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None
        self._phase: Phase = "start"
        self._probe_path = "/health"
        self._removed = False

    def preflight(self, deployment: Deployment) -> list[Diagnostic]:
        """The engine's command must be found, and one machine must be enough."""
        found = []
        bin_dir = self._settings.bin_dir
        if find_engine_command(deployment.argv[0], bin_dir) is None:
            where = "on PATH" if bin_dir is None else f"in {bin_dir} or on PATH"
            found.append(
                diagnostic("AT030", f"the command `{deployment.argv[0]}` of {deployment.engine} is not {where}", path="executor.bin_dir",
                           help=f"install {deployment.engine} and set executor.bin_dir to its venv's bin folder, or use executor=emulated")
            )  # fmt: skip
        elif (module := missing_module(deployment.argv, bin_dir)) is not None:
            found.append(
                diagnostic("AT030", f"the Python that would run {deployment.engine} has no module `{module}`", path="executor.bin_dir",
                           help=f"install {deployment.engine} and set executor.bin_dir to its venv's bin folder, or use executor=emulated")
            )  # fmt: skip
        if deployment.nodes > 1:
            found.append(
                diagnostic("AT015", f"the deployment spans {deployment.nodes} nodes and executor=local is one machine",
                           path="system.nodes", help="set system.nodes=1")
            )  # fmt: skip
        return found

    def deploy(self, deployment: Deployment, place: Place) -> Endpoint:
        """Start the engine on a free port of the loopback address."""
        port = free_port()
        self._probe_path = deployment.startup.path
        placed = move_files(with_endpoint(deployment, HOST, port), place.folder / "files")
        self._log = place.folder / "server.log"
        set_aside(self._log)
        record = place.records / f"{deployment.name}-{port}.json"
        env = {**self._environment(placed, place.devices, os.environ), SERVER_VARIABLE: str(record)}
        command = find_engine_command(placed.argv[0], self._settings.bin_dir) or placed.argv[0]
        record.parent.mkdir(parents=True, exist_ok=True)
        pinned = ["--cpus", ",".join(map(str, place.cpus))] if place.cpus else []
        self._supervisor = subprocess.Popen(  # noqa: S603 - a list, no shell
            [sys.executable, "-I", supervise.__file__, "--log", str(self._log), "--record", str(record),
             "--stop-timeout-s", str(self._settings.stop_timeout_s), *pinned, "--", command, *placed.argv[1:]],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )  # fmt: skip
        return Endpoint(f"http://{HOST}:{port}", placed.served_name, placed.model, placed.engine)

    def ready(self, endpoint: Endpoint, limit_s: float, cancelled: Callable[[], bool]) -> None:
        """Wait for the health probe to answer, from this very process: a port may have been taken by another."""
        own = self._settings.ready_timeout_s
        outcome = wait_ready(
            endpoint.base_url + self._probe_path, min(own, limit_s), alive=self._alive, cancelled=cancelled
        )
        if outcome == "ready" and not self._listens(int(endpoint.base_url.rpartition(":")[2])):
            raise ExperimentFailed(
                Failure(
                    "infrastructure", "another process answers on the port chosen for the server", log_tail=self.logs()
                )
            )
        if outcome == "ended":
            raise ExperimentFailed(self.failure() or classify(self.logs(), None, "start"))
        if outcome == "late":
            failure = classify(self.logs(), None, "start")
            if limit_s < own:
                failure = Failure("timeout", f"the experiment took longer than optimization.timeout_s while the server started: {failure.message}",
                                  "raise optimization.timeout_s", failure.log_tail)  # fmt: skip
            raise ExperimentFailed(failure)
        self._phase = "benchmark"

    def failure(self) -> Failure | None:
        """The class of what ended the engine, read from its log."""
        code = None if self._supervisor is None or self._removed else self._supervisor.poll()
        if code is None:
            return None
        return classify(self.logs(), code, self._phase)

    def logs(self) -> str:
        return "" if self._log is None else read_tail(self._log)

    def remove(self, *, at_once: bool = False) -> None:
        """Close the supervisor's input, which tells it to end the engine, and wait until it has."""
        supervisor = self._supervisor
        if supervisor is None or (self._removed and not at_once):
            return
        self._removed = True
        if at_once:
            supervisor.terminate()
        if supervisor.stdin is not None:
            with suppress(OSError):
                supervisor.stdin.close()
        try:
            supervisor.wait(self._settings.stop_timeout_s + _SUPERVISOR_S)
        except subprocess.TimeoutExpired:
            with suppress(psutil.Error):
                end_tree(psutil.Process(supervisor.pid))
            supervisor.wait(_SUPERVISOR_S)

    def _alive(self) -> bool:
        return self._supervisor is not None and self._supervisor.poll() is None

    def _listens(self, port: int) -> bool:
        """Whether a process of this server listens on the port; true where the system does not let one see that."""
        assert self._supervisor is not None
        try:
            family = psutil.Process(self._supervisor.pid).children(recursive=True)
            sockets = [item for process in family for item in process.net_connections("tcp")]
        except psutil.AccessDenied:
            return True
        except psutil.Error:
            return self._alive()
        return any(item.status == psutil.CONN_LISTEN and item.laddr.port == port for item in sockets)

    def _environment(self, deployment: Deployment, devices: tuple[str, ...], here: Mapping[str, str]) -> dict[str, str]:
        env = {**here, **deployment.env, **self._settings.env}
        if self._settings.bin_dir is not None:
            env["PATH"] = os.pathsep.join(
                [str(Path(self._settings.bin_dir).expanduser().absolute()), env.get("PATH", os.defpath)]
            )
        if devices:
            env[VISIBLE_DEVICES.get(deployment.gpu_vendor, "CUDA_VISIBLE_DEVICES")] = ",".join(devices)
        if devices and "CUDA_VISIBLE_DEVICES" not in here:
            # So that numbers mean what they mean to NVML and nvidia-smi; CUDA's own order is the fastest GPU first.
            env.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        return env


def find_engine_command(name: str, bin_dir: str | None) -> str | None:
    """The absolute path of an engine's command, looked for in `bin_dir`, then on PATH; None when it is in neither."""
    folder = None if bin_dir is None else str(Path(bin_dir).expanduser().absolute())
    return (shutil.which(name, path=folder) if folder else None) or shutil.which(name)


def missing_module(argv: Sequence[str], bin_dir: str | None) -> str | None:
    """The package that `python3 -m package.module` would not find; None for other commands and for one that is there."""
    if list(argv[1:2]) != ["-m"]:
        return None
    package = argv[2].partition(".")[0]
    python = find_engine_command(argv[0], bin_dir)
    if python is None:
        return package
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    # Isolated, so that a folder of that name in the current one is not taken for the package.
    done = subprocess.run([python, "-I", "-c", code, package], check=False, capture_output=True, timeout=60)  # noqa: S603
    return package if done.returncode else None


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
