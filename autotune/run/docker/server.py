"""The engine in a container of a Docker engine, here or on another machine."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from autotune.bench.client import Endpoint
from autotune.run.docker.address import EngineError, find_address
from autotune.run.docker.container_log import ContainerLog
from autotune.run.docker.engine import DockerEngine
from autotune.run.docker.images import images_of
from autotune.run.docker.preflight import check_engine
from autotune.run.docker.records import SUFFIX, owner_labels, write_record
from autotune.run.docker.refusals import end_failure, engine_failure
from autotune.run.docker.spec import POINT_LABEL, container_body
from autotune.run.events import ImagePulling
from autotune.run.executor import Cancelled, ExperimentFailed
from autotune.run.failures import classify
from autotune.run.log_file import read_tail, set_aside
from autotune.run.readiness import answers, wait_ready
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Kind
    from autotune.run.docker.address import Address
    from autotune.run.executor import Place
    from autotune.run.failures import Phase
    from autotune.schema import DockerExecutor

#: A client asks several times a second whether the server still lives; the engine is asked this often at most, in s.
LOOK_S = 0.5
_AGAIN_S = 0.5


class DockerServer:
    """One container. Its output goes to `server.log` in the point's folder."""

    kind: Kind = "measured"
    speed = 1.0

    def __init__(self, settings: DockerExecutor) -> None:
        self._settings = settings
        self._engine: DockerEngine | None = None
        self._container: str | None = None
        self._record: Path | None = None
        self._log: Path | None = None
        self._copy: ContainerLog | None = None
        self._base_url = ""
        self._probe_path = "/health"
        self._phase: Phase = "start"
        self._looked = 0.0
        self._failure: Failure | None = None
        self._removed = False
        #: Held while a container comes into being or goes, so that a removal at once does not miss one.
        self._changing = threading.Lock()

    def preflight(self, deployment: Deployment) -> list[Diagnostic]:
        """The engine answers, and has or can get what the server needs."""
        engine = DockerEngine(find_address(self._settings.host))
        try:
            return check_engine(engine, deployment, self._settings)
        finally:
            engine.close()

    def deploy(self, deployment: Deployment, place: Place) -> Endpoint:
        """Have the image, create the container with a free port, and start it.

        An engine that does not answer is waited for: it may be starting again.
        """
        address = find_address(self._settings.host)
        engine = self._engine = DockerEngine(address)
        run = place.records.parent
        name = f"{deployment.name}-{run.name}"
        self._probe_path = deployment.startup.path
        self._record = place.records / f"{deployment.name}{SUFFIX}"
        self._log = place.folder / "server.log"
        set_aside(self._log)
        try:
            self._wait_for_engine(address, place.cancelled)
            images_of(address.url).ensure(
                engine, deployment.image, self._settings.pull, limit_s=self._settings.start_timeout_s, cancelled=place.cancelled,
                progress=lambda done, total: place.report(ImagePulling(deployment.name, deployment.image, done, total)),
            )  # fmt: skip
            body = container_body(
                deployment, self._settings, devices=place.devices, publish_ip=address.publish_ip(), environ=os.environ,
                labels={**owner_labels(run), POINT_LABEL: place.folder.name}, cpus=place.cpus,
            )  # fmt: skip
            write_record(self._record, address.url, name)
            with self._changing:
                if self._removed:
                    raise Cancelled
                engine.remove(name)  # of an earlier try that its engine was not there to remove
                self._container = name
                engine.create(name, body, deployment.files)
                engine.start(name)
            port = engine.published_port(name, deployment.port)
        except EngineError as error:
            raise ExperimentFailed(engine_failure(error, "start the container")) from error
        self._copy = ContainerLog(engine, name, self._log)
        if port is None:  # it has ended already
            raise ExperimentFailed(self._look() or classify(self.logs(), None, "start"))
        self._base_url = f"http://{address.host}:{port}"
        return Endpoint(self._base_url, deployment.served_name, deployment.model, deployment.engine)

    def ready(self, endpoint: Endpoint, limit_s: float, cancelled: Callable[[], bool]) -> None:
        """Wait for the health probe to answer."""
        own = self._settings.ready_timeout_s
        url = endpoint.base_url + self._probe_path
        outcome = wait_ready(url, min(own, limit_s), alive=lambda: self.failure() is None, cancelled=cancelled)
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
        """The class of what ended the container, or took its engine away; looked up twice a second, or when its log ends."""
        if self._container is None or self._removed:
            return None
        due = time.monotonic() - self._looked >= LOOK_S or (self._copy is not None and not self._copy.open)
        if self._failure is None and due:
            self._failure = self._look()
            self._looked = time.monotonic()
        return self._failure

    def logs(self) -> str:
        return "" if self._log is None else read_tail(self._log)

    def remove(self, *, at_once: bool = False) -> None:
        """Stop the container and remove it with its anonymous volumes.

        Where the engine is gone the record stays, and the container is removed when the engine is back.
        """
        if self._removed and not at_once:
            return
        self._removed = True
        engine, name = self._engine, self._container
        if self._copy is not None:
            self._copy.stop()
        if engine is None:
            return
        # One that has not been ready yet has nothing to end in order, and many do not heed SIGTERM while they load.
        polite = not at_once and self._phase == "benchmark"
        with suppress(EngineError):
            if polite and name is not None:
                engine.stop(name, self._settings.stop_timeout_s)
            with self._changing:
                if self._container is not None:
                    engine.remove(self._container)
            if self._record is not None:
                self._record.unlink(missing_ok=True)
        engine.close()

    def _wait_for_engine(self, address: Address, cancelled: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._settings.outage_timeout_s
        while True:
            if cancelled() or self._removed:
                raise Cancelled
            try:
                address.knock()
            except EngineError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_AGAIN_S)
            else:
                return

    def _look(self) -> Failure | None:
        assert self._engine is not None
        assert self._container is not None
        try:
            state = self._engine.state(self._container)
        except EngineError as error:
            # An engine may be started again below its containers (live restore), and the server is what matters.
            if error.gone and self._phase == "benchmark" and answers(self._base_url + self._probe_path):
                return None
            return engine_failure(error, "tell how the container is")
        if state is not None and state.exit_code is None:
            return None
        if self._copy is not None:
            self._copy.settle()
        return end_failure(state, self.logs(), self._phase)
