"""What runs on a node of the Ray cluster: one engine under the local executor, and the load client beside it.

An instance is a Ray actor, whose GPUs Ray has set aside and named in CUDA_VISIBLE_DEVICES. Calls come from several threads.
Everything that goes back is plain data; the store and the run folder are the driver's alone.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import autotune
from autotune.bench import BenchError, BenchJob, find_client
from autotune.diagnostics import render_text
from autotune.run.environment import engine_version
from autotune.run.executor import Cancelled, ExperimentFailed, Place
from autotune.run.leftovers import sweep_servers
from autotune.run.local import LocalServer
from autotune.run.lock import RunLock
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.bench.client import Endpoint
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Load, Measurement
    from autotune.schema import Benchmark, LocalExecutor

#: What goes back of the engine's log, and of a client's raw files all together, in bytes at most.
LOG_BYTES = 4 * 2**20
RAW_BYTES = 64 * 2**20
_PREFIX = "autotune-ray-"


@dataclass(frozen=True, slots=True)
class Work:
    """One call of a load client, without what only means something on the driver."""

    tool: str
    tokenizer: str
    benchmark: Benchmark
    loads: tuple[Load, ...]
    gpus: int
    osl: int
    limits_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the measurements, the files that the client wrote, and its error, if any, with its log's tail."""

    measurements: tuple[Measurement, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    error: str | None = None
    log_tail: str = ""


class Worker:
    """One server's life on this node."""

    def __init__(self, settings: LocalExecutor) -> None:
        self._server = LocalServer(settings)
        self._settings = settings
        remove_leftovers(Path(tempfile.gettempdir()))
        made = Path(tempfile.mkdtemp(prefix=f".new-{_PREFIX}"))
        self._lock = RunLock(made)
        self._lock.__enter__()  # until this process ends, in whatever way; it has its name only then
        self._folder = made.rename(made.with_name(made.name.removeprefix(".new-")))
        self._cancelled = threading.Event()
        self._endpoint: Endpoint | None = None
        self._removed = False

    def start(self, deployment: Deployment, limit_s: float) -> dict[str, Any] | Failure | None:
        """Start the engine and wait until it is ready: what runs where; a failure; or None when that was cancelled."""
        found = self._server.preflight(deployment)
        if found:
            return Failure(
                "infrastructure", f"{socket.gethostname()}: {found[0].message}", found[0].help or "", render_text(found)
            )
        place = Place(self._folder, self._folder / "servers")
        try:
            self._endpoint = self._server.deploy(deployment, place)
            self._server.ready(self._endpoint, limit_s, self._cancelled.is_set)
        except Cancelled:
            return None
        except ExperimentFailed as error:
            return error.failure
        except OSError as error:
            return Failure("infrastructure", f"{socket.gethostname()}: the server cannot be started: {error}")
        found_out = {"host": socket.gethostname(), "devices": os.environ.get("CUDA_VISIBLE_DEVICES"), "autotune": autotune.__version__,
                     "engine_version": engine_version(self._endpoint, deployment.engine)}  # fmt: skip
        return {name: value for name, value in found_out.items() if value}

    def measure(self, work: Work) -> Outcome:
        """Put the loads on the server, with the client that is installed on this node."""
        assert self._endpoint is not None
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=self._folder))
        job = BenchJob(replace(self._endpoint, tokenizer=work.tokenizer), work.benchmark, work.loads, folder, work.gpus,
                       dict(os.environ), self._stopped, work.osl, limits_ms=work.limits_ms)  # fmt: skip
        client = find_client(work.tool)
        missing = client.preflight(work.benchmark)
        if missing:
            return Outcome(error=f"{socket.gethostname()}: {missing[0].message}", log_tail=render_text(missing))
        try:
            measurements: Sequence[Measurement] = client.measure(job)
        except BenchError as error:
            return Outcome(tuple(error.measurements), _files(folder), error.message, error.log_tail)
        return Outcome(tuple(measurements), _files(folder))

    def failure(self) -> Failure | None:
        return self._server.failure()

    def log(self) -> str:
        return self._server.logs()

    def cancel(self) -> None:
        """Have `start` and `measure` return soon."""
        self._cancelled.set()

    def remove(self, *, at_once: bool = False) -> bytes:
        """End the engine; returns its log, the end of it where it is long. Nothing of it stays on this node."""
        self._cancelled.set()
        self._server.remove(at_once=at_once)
        log = self._folder / "server.log"
        text = log.read_bytes()[-LOG_BYTES:] if log.exists() else b""
        shutil.rmtree(self._folder, ignore_errors=True)
        return text

    def _stopped(self) -> bool:
        return self._cancelled.is_set() or self._server.failure() is not None


def remove_leftovers(place: Path) -> None:
    """End what workers on this node left that were killed together with their engines' supervisors, and their folders."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError), RunLock(folder):
            sweep_servers(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _files(folder: Path) -> dict[str, bytes]:
    """Files by their path below the folder, the smallest first until they are too much."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    found, left = {}, RAW_BYTES
    for path in sorted(paths, key=lambda path: path.stat().st_size):
        left -= path.stat().st_size
        if left < 0:
            break
        found[str(path.relative_to(folder))] = path.read_bytes()
    return found
