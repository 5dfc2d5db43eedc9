"""One server on a cluster, or a router with the servers behind it: applied as emitted, watched, reached, deleted again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.bench.client import Endpoint
from autotune.diagnostics import InputError
from autotune.run.cluster.api import ClusterError, Selection, refs_of
from autotune.run.cluster.belongings import Belongings
from autotune.run.cluster.clients import cluster_client
from autotune.run.cluster.connection import connect
from autotune.run.cluster.ground import Ground
from autotune.run.cluster.mirror import LOOK_S
from autotune.run.cluster.permissions import find_refusals
from autotune.run.cluster.pod_log import PodLog
from autotune.run.cluster.port_forward import HOST, PortForward
from autotune.run.cluster.refusals import api_failure, refusal
from autotune.run.cluster.shape import OmeShape, Shape
from autotune.run.cluster.sight import Sight
from autotune.run.cluster.site import PULL_S
from autotune.run.executor import Cancelled, ExperimentFailed
from autotune.run.log_file import read_tail, set_aside
from autotune.run.readiness import wait_ready
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from autotune.bench.client import BenchClient
    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Kind
    from autotune.run.cluster.api import Cluster
    from autotune.run.executor import Place
    from autotune.run.failures import Phase
    from autotune.schema import KubernetesExecutor

#: A client asks several times a second whether the server still lives; what is known is gone through this often, in s.
FAILURE_LOOK_S = 0.5
#: Time for an endpoint to answer once its pod is ready, in s.
ANSWER_S = 60.0
_CANCEL_LOOK_S = 0.1


class ClusterServer:
    """One server of `executor=kubernetes` (the target k8s) or `executor=ome` (the target ome).

    A router and the servers behind it are one: the router is applied once those are ready, and their failures are its own.
    """

    kind: Kind = "measured"
    speed = 1.0

    def __init__(self, settings: KubernetesExecutor) -> None:
        self._settings = settings
        inside = settings.reach == "in_cluster"
        self._shape = OmeShape(benchmarked=inside) if settings.name == "ome" else Shape()
        #: Whether it takes routers with servers behind them.
        self.serves_parts = settings.name == "kubernetes"
        #: What a load client may need before it begins, in s.
        self.client_start_s = settings.schedule_timeout_s + PULL_S if inside else 0.0
        if inside:
            self.client: Callable[[str], BenchClient] = self._client
        self._deployment: Deployment | None = None
        self._folder: Path | None = None
        self._belongings: Belongings | None = None
        self._sight: Sight | None = None
        self._logs: dict[str, PodLog] = {}
        self._forward: PortForward | None = None
        self._run_id = ""
        self._waiting: list[Deployment] = []
        self._serving: list[Deployment] = []
        self._phase: Phase = "start"
        self._looked = 0.0
        self._gone: Failure | None = None
        self._removed = False

    def preflight(self, deployment: Deployment) -> list[Diagnostic]:
        """The cluster answers, lets this user do what is needed, and takes the documents (a dry run, on the server)."""
        try:
            documents = self._documents(deployment)
        except InputError as error:
            return list(error.diagnostics)
        cluster = self._cluster()
        found = find_refusals(cluster, documents, deployment.namespace, self._settings)
        if not any(item.severity == "error" for item in found):
            for document in documents:
                try:
                    cluster.apply(document, dry_run=True)
                except ClusterError as error:
                    found.append(refusal(error, self._settings.name))
        return found

    def deploy(self, deployment: Deployment, place: Place) -> Endpoint:
        """Write down what is applied, apply it exactly as `emit` prints it, and mark it as this run's."""
        self._deployment = deployment
        self._folder = place.folder
        self._run_id = place.records.parent.name
        servers = [*deployment.parts, deployment]
        for server in servers:
            set_aside(self._log(server))
        kubeconfig = None if self._settings.kubeconfig is None else str(Path(self._settings.kubeconfig).expanduser())
        self._belongings = Belongings(
            place.records, deployment.name, deployment.namespace, self._run_id, (self._settings.context, kubeconfig)
        )
        self._waiting = servers
        shared = self._shape.shared(deployment)
        cluster = self._cluster()
        try:
            self._belongings.open(cluster, [item for server in servers for item in self._shape.documents(server)])
            for document in shared:
                self._belongings.share(cluster, document)
            self._apply(cluster, len(deployment.parts) or 1)
        except ClusterError as error:
            raise ExperimentFailed(api_failure(error)) from error
        models = [
            Selection(ref.api_version, ref.kind, None, fields=f"metadata.name={ref.name}") for ref in refs_of(shared)
        ]
        self._sight = Sight(
            cluster, self._shape, servers, self._settings, log_of=self._tail, model=models[0] if models else None
        )
        for server in servers:
            self._logs[server.name] = PodLog(cluster, deployment.namespace, self._log(server))
        return Endpoint(self._reach(cluster, deployment), deployment.served_name, deployment.model, deployment.engine)

    def ready(self, endpoint: Endpoint, limit_s: float, cancelled: Callable[[], bool]) -> None:
        """Wait until the pods are ready, those behind a router before its own, and the endpoint answers."""
        own = self._settings.ready_timeout_s
        deadline = time.monotonic() + min(own, limit_s)
        self._await(deadline, cancelled, by_own_limit=limit_s >= own)
        while self._waiting:
            try:
                self._apply(self._cluster(), len(self._waiting))
            except ClusterError as error:
                raise ExperimentFailed(api_failure(error)) from error
            self._await(deadline, cancelled, by_own_limit=limit_s >= own)
        assert self._deployment is not None
        left = max(min(ANSWER_S, deadline - time.monotonic()), 1.0)
        url = endpoint.base_url + self._deployment.readiness.path
        outcome = wait_ready(url, left, alive=lambda: self.failure() is None, cancelled=cancelled)
        if outcome != "ready":
            raise ExperimentFailed(self.failure() or self._unreachable(endpoint.base_url))
        self._phase = "benchmark"

    def failure(self) -> Failure | None:
        """Why the server is gone; gone through every half second at most."""
        if self._removed or self._sight is None or self._gone is not None:
            return self._gone
        if time.monotonic() - self._looked > FAILURE_LOOK_S:
            failure = self._look()
            if failure is None and self._phase == "benchmark":
                lost = [item for item in self._sight.members if not item.state.ready and item.state.pod is None]
                if lost:
                    failure = lost[0].named(
                        Failure("infrastructure", "the server's pods are gone: someone or something deleted them",
                                "look at the namespace's events", self._tail(lost[0].deployment))
                    )  # fmt: skip
            self._gone = failure
        return self._gone

    def logs(self) -> str:
        if self._deployment is None:
            return ""
        tails = [self._tail(server) for server in (self._deployment, *self._deployment.parts)]
        return next((tail for tail in tails if tail), "")

    def remove(self, *, at_once: bool = False) -> None:
        """Delete everything applied, and wait until the pods have given their GPUs back (not when it has to be at once)."""
        if self._belongings is None or (self._removed and not at_once):
            return
        self._removed = True
        for log in self._logs.values():
            log.stop()
        if self._forward is not None:
            self._forward.close()
        failed = self._belongings.remove_all(self._cluster())
        if self._sight is not None:
            if not at_once and not failed:
                self._wait_gone(self._sight)
            self._sight.close()

    def _client(self, tool: str) -> BenchClient:
        return cluster_client(self._settings.name, tool, self._ground)

    def _ground(self) -> Ground:
        assert self._deployment is not None
        assert self._sight is not None
        assert self._belongings is not None
        address = self._service_address(self._deployment)
        return Ground(self._cluster(), self._sight, self._belongings, self._settings, self._deployment, address, self._shape)  # fmt: skip

    def _cluster(self) -> Cluster:
        return connect(self._settings.context, self._settings.kubeconfig)

    def _documents(self, deployment: Deployment) -> list[dict[str, Any]]:
        servers = [*deployment.parts, deployment]
        return [
            *self._shape.shared(deployment),
            *(item for server in servers for item in self._shape.documents(server)),
        ]

    def _apply(self, cluster: Cluster, count: int) -> None:
        """Apply the next servers of those that wait."""
        assert self._belongings is not None
        servers, self._waiting = self._waiting[:count], self._waiting[count:]
        for server in servers:
            self._belongings.apply(cluster, self._shape.documents(server))
            self._serving.append(server)

    def _reach(self, cluster: Cluster, deployment: Deployment) -> str:
        """The address as seen from here."""
        if self._settings.reach == "service":
            return self._service_address(deployment)
        self._forward = PortForward(
            cluster.api_client.configuration, deployment.namespace, self._ready_pod, deployment.port
        )
        return f"http://{HOST}:{self._forward.port}"

    def _service_address(self, deployment: Deployment) -> str:
        service, port = self._shape.service(deployment)
        template = self._settings.service_url or "http://{name}.{namespace}.svc:{port}"
        parts = {"name": service, "namespace": deployment.namespace, "port": str(port)}
        for key, value in parts.items():
            template = template.replace("{" + key + "}", value)
        return template.rstrip("/")

    def _ready_pod(self) -> str | None:
        """A pod that takes requests: the router's, where there is one."""
        members = [] if self._sight is None or self._waiting else self._sight.members
        return members[-1].state.pod if members and members[-1].state.ready else None

    def _look(self) -> Failure | None:
        assert self._sight is not None
        self._looked = time.monotonic()
        failure = self._sight.look(self._serving, self._phase)
        for member in self._sight.members:
            state = member.state
            if state.started and state.pod is not None and state.container is not None:
                self._logs[member.deployment.name].follow(state.pod, state.container)
        return failure

    def _await(self, deadline: float, cancelled: Callable[[], bool], *, by_own_limit: bool) -> None:
        """Wait until every server that was applied is ready."""
        assert self._sight is not None
        while True:
            if cancelled():
                raise Cancelled
            self._sight.changed.clear()
            if (failure := self._look()) is not None:
                raise ExperimentFailed(failure)
            members = self._sight.members
            if len(members) == len(self._serving) and all(member.state.ready for member in members):
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise ExperimentFailed(self._late(by_own_limit=by_own_limit))
            end = time.monotonic() + min(LOOK_S, left)
            while not self._sight.changed.wait(_CANCEL_LOOK_S) and time.monotonic() < end and not cancelled():
                pass

    def _late(self, *, by_own_limit: bool) -> Failure:
        assert self._sight is not None
        for member in self._sight.members:
            if (trouble := self._sight.trouble(member)) is not None:
                said = trouble.failure
                return member.named(Failure(said.kind, said.message, said.remedy, self._tail(member.deployment)))
        what, log = f"waiting for {self._sight.waits_for()}", self.logs()
        if by_own_limit:
            return Failure("not_ready", f"the server was not ready in time; it was {what}",
                           "raise executor.ready_timeout_s if the model was still being loaded", log)  # fmt: skip
        return Failure("timeout", f"the experiment took longer than optimization.timeout_s while the server started; it was {what}",
                       "raise optimization.timeout_s", log)  # fmt: skip

    def _unreachable(self, url: str) -> Failure:
        remedy = (
            "the pod is ready, but its Service is not to be reached from here: use executor.reach=port_forward, run "
            "autotune inside the cluster, or set executor.service_url"
            if self._settings.reach == "service"
            else "the pod is ready: look at the API server's limits on port-forward"
        )
        return Failure("infrastructure", f"{url} does not answer", remedy, self.logs())

    def _log(self, server: Deployment) -> Path:
        """Where a server's log is copied to: those behind a router have their names."""
        assert self._folder is not None
        return self._folder / ("server.log" if server is self._deployment else f"{server.name}.log")

    def _tail(self, server: Deployment) -> str:
        return "" if self._folder is None else read_tail(self._log(server))

    def _wait_gone(self, sight: Sight) -> None:
        deadline = time.monotonic() + self._settings.stop_timeout_s
        while time.monotonic() < deadline:
            try:
                if not sight.pods():
                    return
            except ClusterError:
                return
            sight.changed.wait(LOOK_S / 4)
            sight.changed.clear()
