"""Commands run in pods of their own: their files sent, their log copied, what they leave brought back, the Job deleted."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.bench.command import log_tail
from autotune.bench.errors import BenchCancelled, BenchError
from autotune.run.cluster import in_pod
from autotune.run.cluster.api import ClusterError
from autotune.run.cluster.job_pod import JobPod
from autotune.run.cluster.load_job import CONTAINER, JOB_LABEL, errand_documents
from autotune.run.cluster.mirror import LOOK_S
from autotune.run.cluster.parcel import LogReader
from autotune.run.cluster.refusals import api_failure
from autotune.run.executor import ExperimentFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.run.cluster.ground import Ground
    from autotune.run.cluster.load_job import Errand

_SCRIPT = Path(in_pod.__file__).read_text(encoding="utf-8")
#: How long the end of a log is waited for once its container has ended, in s.
_LOG_END_S = 10.0
_CANCEL_LOOK_S = 0.1


def run_errand(
    ground: Ground, errand: Errand, *, folder: Path, log: Path, timeout_s: float, cancelled: Callable[[], bool]
) -> int:
    """Run a command in a pod, and have in `folder` what it leaves; its exit status. What it prints is copied to `log`.

    Raises BenchError where it leaves nothing or is not done `timeout_s` after its container began, BenchCancelled, and
    ExperimentFailed for what keeps it from running. The Job is deleted in every case.
    """
    ground.sight.expect(errand.name)
    documents = errand_documents(errand, _SCRIPT, ground.belongings.metadata)
    pod = None
    try:
        refs = ground.belongings.add(ground.cluster, documents)
        pod = JobPod(ground, errand.name, f"{JOB_LABEL}={errand.name}", CONTAINER)
        reader = _await(ground, errand, pod, log=log, timeout_s=timeout_s, cancelled=cancelled)
    except ClusterError as error:
        raise ExperimentFailed(api_failure(error)) from error
    finally:
        if pod is not None:
            pod.close()
            ground.belongings.remove(ground.cluster, refs)
    try:
        return reader.unpack(folder)
    except ValueError as error:
        raise BenchError(f"the load client's results did not come back: {error}", log_tail(log)) from error


def pause(ground: Ground, cancelled: Callable[[], bool]) -> None:
    """Wait until something has changed on the cluster, for a second at most. Raises BenchCancelled."""
    end = time.monotonic() + LOOK_S
    while not ground.sight.changed.wait(_CANCEL_LOOK_S) and time.monotonic() < end:
        if cancelled():
            break
    ground.sight.changed.clear()
    if cancelled():
        raise BenchCancelled("the load client was cancelled")


def _await(
    ground: Ground, errand: Errand, pod: JobPod, *, log: Path, timeout_s: float, cancelled: Callable[[], bool]
) -> LogReader:
    """The log of the pod once its container has ended."""
    copy: LogCopy | None = None
    began = 0.0
    while (ended := pod.look()) is None:
        if pod.started and copy is None:
            began = time.monotonic()
            copy = LogCopy(ground, pod, log, LogReader(errand.marker))
        if copy is not None and time.monotonic() > began + timeout_s:
            raise BenchError(f"the load client did not end within {timeout_s:.0f} s", log_tail(log))
        pause(ground, cancelled)
    copy = copy or LogCopy(ground, pod, log, LogReader(errand.marker))
    copy.join(_LOG_END_S)
    reader = copy.reader
    if reader.status is None:
        # The connection broke while it was followed: what the kubelet still has is read in one go.
        reader = LogReader(errand.marker)
        text = ground.cluster.log(pod.pod, errand.namespace, pod.container, tail_lines=None)
        log.write_bytes(reader.feed(text.encode()))
    if reader.status is None:
        raise BenchError(f"the load client left no result: {ended}", log_tail(log))
    return reader


def copy_log(ground: Ground, pod: JobPod, log: Path) -> None:
    """Copy a container's log to a file from now on, in a thread."""
    LogCopy(ground, pod, log, LogReader("no marker is looked for"))


class LogCopy(threading.Thread):
    """Copies a container's log to a file as it is written."""

    def __init__(self, ground: Ground, pod: JobPod, log: Path, reader: LogReader) -> None:
        super().__init__(name=f"log-{pod.pod}", daemon=True)
        self._ground = ground
        self._pod, self._container = pod.pod, pod.container
        self._log = log
        self.reader = reader
        self.start()

    def run(self) -> None:
        try:
            with self._log.open("wb", buffering=0) as file:
                for data in self._ground.cluster.follow_log(
                    self._pod, self._ground.deployment.namespace, self._container
                ):
                    file.write(self.reader.feed(data))
        except (ClusterError, OSError):
            pass  # whoever waits for the end of it reads it again
