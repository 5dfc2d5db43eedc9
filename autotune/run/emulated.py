"""The emulated server of this package in the place of an engine."""

# ruff: noqa: ARG002 - the arguments of the protocol

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.bench.client import Endpoint
from autotune.run.emulated_server import EmulatedServer
from autotune.run.executor import ExperimentFailed
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Kind
    from autotune.predict.predictor import Timing
    from autotune.run.executor import Place
    from autotune.schema import EmulatedExecutor


class Emulated:
    """One emulated server. It is ready when it is started, and has nothing to say in a log."""

    kind: Kind = "emulated"

    def __init__(self, settings: EmulatedExecutor, timing_of: Callable[[str], Timing]) -> None:
        self.speed = settings.speed
        self._timing_of = timing_of
        self._server: EmulatedServer | None = None

    def preflight(self, deployment: Deployment) -> list[Diagnostic]:
        return []

    def deploy(self, deployment: Deployment, place: Place) -> Endpoint:
        """Start the server; a request that its KV cache could never hold is refused, as an engine would."""
        timing = self._timing_of(deployment.name)
        server = EmulatedServer(timing, deployment.served_name, self.speed, timing.kv_capacity_tokens)
        try:
            base_url = server.start()
        except (OSError, RuntimeError) as error:
            raise ExperimentFailed(Failure("infrastructure", str(error))) from error
        self._server = server
        return Endpoint(base_url, deployment.served_name, deployment.model, deployment.engine)

    def ready(self, endpoint: Endpoint, limit_s: float, cancelled: Callable[[], bool]) -> None:
        return

    def failure(self) -> Failure | None:
        return None

    def logs(self) -> str:
        return ""

    def remove(self, *, at_once: bool = False) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.stop()
