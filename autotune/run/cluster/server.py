"""One server on a cluster: the emitted documents applied, its pods watched, its log copied, everything deleted again."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from autotune.bench.client import Endpoint
from autotune.diagnostics import diagnostic
from autotune.emit import emit_point
from autotune.emit.labels import INSTANCE
from autotune.run.cluster.connection import Cluster, ClusterError, ObjectRef, connect, refs_of
from autotune.run.cluster.permissions import find_refusals
from autotune.run.cluster.pod_log import PodLog
from autotune.run.cluster.pod_state import ServerState, Trouble, event_lines, read_state, telling, with_log
from autotune.run.cluster.port_forward import HOST, PortForward
from autotune.run.cluster.records import SUFFIX, delete_all, mark, owner_document, write_record
from autotune.run.executor import Cancelled, ExperimentFailed
from autotune.run.log_file import read_tail, set_aside
from autotune.run.readiness import wait_ready
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.metrics import Kind
    from autotune.run.executor import Place
    from autotune.run.failures import Phase
    from autotune.schema import KubernetesExecutor

#: Pause between two looks at the pods, in s.
LOOK_S = 1.0
#: A client asks several times a second whether the server still lives; the API server is asked this often at most, in s.
FAILURE_LOOK_S = 3.0
#: Time for an endpoint to answer once its pod is ready, in s.
ANSWER_S = 60.0
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ClusterServer:
    """One server of `executor=kubernetes` (the target k8s) or `executor=ome` (the target ome)."""

    kind: Kind = "measured"
    speed = 1.0

    def __init__(self, settings: KubernetesExecutor) -> None:
        self._settings = settings
        self._shape = SHAPES[settings.name]
        self._deployment: Deployment | None = None
        self._refs: list[ObjectRef] = []
        self._record: Path | None = None
        self._log: Path | None = None
        self._pod_log: PodLog | None = None
        self._forward: PortForward | None = None
        self._phase: Phase = "start"
        self._state = ServerState(ready=False)
        self._since: dict[str, float] = {}
        self._looked = 0.0
        self._gone: Failure | None = None
        self._removed = False

    def preflight(self, deployment: Deployment) -> list[Diagnostic]:
        """The cluster answers, lets this user do what is needed, and takes the documents (a dry run, on the server)."""
        cluster = self._cluster()
        documents = self._shape.documents(deployment)
        found = find_refusals(cluster, documents, deployment.namespace)
        if not found:
            for document in documents:
                try:
                    cluster.apply(document, dry_run=True)
                except ClusterError as error:
                    found.append(_refused(error, self._settings.name))
        return found

    def deploy(self, deployment: Deployment, place: Place) -> Endpoint:
        """Write down what is applied, apply it exactly as `emit` prints it, and mark it as this run's."""
        self._deployment = deployment
        run_id = place.records.parent.name
        documents = self._shape.documents(deployment)
        owner = owner_document(deployment.name, deployment.namespace, run_id)
        self._refs = refs_of([owner, *documents])
        self._record = place.records / f"{deployment.name}{SUFFIX}"
        self._log = place.folder / "server.log"
        set_aside(self._log)
        kubeconfig = None if self._settings.kubeconfig is None else str(Path(self._settings.kubeconfig).expanduser())
        write_record(self._record, self._refs, self._settings.context, kubeconfig)
        try:
            cluster = self._cluster()
            applied = cluster.apply(owner)
            refs = [cluster.apply(document) for document in documents]
            self._refs = [applied, *refs]
            mark(cluster, refs, applied, run_id)
        except ClusterError as error:
            raise ExperimentFailed(_failure(error)) from error
        self._pod_log = PodLog(cluster, deployment.namespace, self._log)
        return Endpoint(self._reach(cluster, deployment), deployment.served_name, deployment.model, deployment.engine)

    def ready(self, endpoint: Endpoint, limit_s: float, cancelled: Callable[[], bool]) -> None:
        """Wait until the pods are ready and the endpoint answers."""
        own = self._settings.ready_timeout_s
        deadline = time.monotonic() + min(own, limit_s)
        while True:
            if cancelled():
                raise Cancelled
            if (failure := self._look()) is not None:
                raise ExperimentFailed(failure)
            if self._state.ready:
                break
            if time.monotonic() >= deadline:
                raise ExperimentFailed(self._late(by_own_limit=limit_s >= own))
            _pause(min(LOOK_S, max(deadline - time.monotonic(), 0.0)), cancelled)
        assert self._deployment is not None
        left = max(min(ANSWER_S, deadline - time.monotonic()), 1.0)
        url = endpoint.base_url + self._deployment.readiness.path
        outcome = wait_ready(url, left, alive=lambda: self.failure() is None, cancelled=cancelled)
        if outcome != "ready":
            raise ExperimentFailed(self.failure() or self._unreachable(endpoint.base_url))
        self._phase = "benchmark"

    def failure(self) -> Failure | None:
        """Why the server is gone; looked up every few seconds at most."""
        if self._removed or self._deployment is None:
            return None
        if self._gone is None and time.monotonic() - self._looked > FAILURE_LOOK_S:
            failure = self._look()
            lost = self._phase == "benchmark" and not self._state.ready and failure is None and self._state.pod is None
            self._gone = failure or (
                Failure("infrastructure", "the server's pods are gone: someone or something deleted them",
                        "look at the namespace's events", self.logs()) if lost else None
            )  # fmt: skip
        return self._gone

    def logs(self) -> str:
        return "" if self._log is None else read_tail(self._log)

    def remove(self, *, at_once: bool = False) -> None:
        """Delete everything applied, and wait until the pods have given their GPUs back (not when it has to be at once)."""
        if self._deployment is None or (self._removed and not at_once):
            return
        self._removed = True
        if self._pod_log is not None:
            self._pod_log.stop()
        if self._forward is not None:
            self._forward.close()
        cluster = self._cluster()
        failed = delete_all(cluster, self._refs)
        if not at_once and not failed:
            self._wait_gone(cluster)
        if not failed and self._record is not None:
            self._record.unlink(missing_ok=True)

    def _cluster(self) -> Cluster:
        return connect(self._settings.context, self._settings.kubeconfig)

    def _reach(self, cluster: Cluster, deployment: Deployment) -> str:
        if self._settings.reach == "port_forward":
            self._forward = PortForward(
                cluster.api_client.configuration,
                deployment.namespace,
                lambda: self._state.pod if self._state.ready else None,
                deployment.port,
            )
            return f"http://{HOST}:{self._forward.port}"
        service, port = self._shape.service(deployment)
        template = self._settings.service_url or "http://{name}.{namespace}.svc:{port}"
        parts = {"name": service, "namespace": deployment.namespace, "port": str(port)}
        for key, value in parts.items():
            template = template.replace("{" + key + "}", value)
        return template.rstrip("/")

    def _look(self) -> Failure | None:
        """Ask for pods and events; the failure that they mean, if it has lasted long enough."""
        assert self._deployment is not None
        self._looked = time.monotonic()
        deployment, cluster = self._deployment, self._cluster()
        try:
            pods = cluster.list("v1", "Pod", deployment.namespace, self._shape.selector(deployment))
            events = self._events(cluster)
            self._state = read_state(
                pods, events, deployment.replicas, self._shape.container(deployment), self._settings.schedule_timeout_s
            )
            self._since.pop("cluster", None)
        except ClusterError as error:
            failed = _failure(error)
            lasting = Trouble(failed, 0.0 if error.status in (401, 403) else self._settings.outage_timeout_s)
            return failed if self._lasts("cluster", lasting) else None
        state = self._state
        if state.started and state.pod is not None and state.container is not None and self._pod_log is not None:
            self._pod_log.follow(state.pod, state.container)
        trouble = state.trouble
        if trouble is None or (state.ready and trouble.patience_s > 0):
            self._since.clear()
            return None
        if not self._lasts(trouble.failure.message[:40], trouble):
            return None
        return self._explain(cluster, trouble, events)

    def _lasts(self, what: str, trouble: Trouble) -> bool:
        return time.monotonic() - self._since.setdefault(what, time.monotonic()) >= trouble.patience_s

    def _explain(self, cluster: Cluster, trouble: Trouble, events: list[dict[str, Any]]) -> Failure:
        assert self._deployment is not None
        log = ""
        if trouble.wants_log is not None:
            pod, container, previous = trouble.wants_log
            try:
                log = cluster.log(pod, self._deployment.namespace, container, previous=previous)
            except ClusterError:
                log = self.logs()
        failure = with_log(trouble, log, self._phase)
        lines = event_lines(telling(events))[-20:]
        tail = "\n".join([*lines, failure.log_tail]) if lines else failure.log_tail
        return Failure(failure.kind, failure.message, failure.remedy, tail)

    def _events(self, cluster: Cluster) -> list[dict[str, Any]]:
        """Events about the server's own objects: all of them have names that begin with the deployment's."""
        assert self._deployment is not None
        name = self._deployment.name
        found = cluster.list("v1", "Event", self._deployment.namespace)
        return [item for item in found if str(item.get("involvedObject", {}).get("name", "")).startswith(name)]

    def _late(self, *, by_own_limit: bool) -> Failure:
        log = self.logs()
        what = f"waiting for {self._state.waiting_for or 'the pods to be ready'}"
        trouble = self._state.trouble
        if trouble is not None:
            return Failure(trouble.failure.kind, trouble.failure.message, trouble.failure.remedy, log)
        if by_own_limit:
            return Failure("not_ready", f"the server was not ready in time; it was {what}",
                           "raise executor.ready_timeout_s if the model was still being loaded", log)  # fmt: skip
        return Failure("timeout", f"the experiment took longer than optimization.timeout_s while the server started; it was {what}",
                       "raise optimization.timeout_s", log)  # fmt: skip

    def _unreachable(self, url: str) -> Failure:
        remedy = (
            "the pod is ready: look at the API server's limits on port-forward"
            if self._settings.reach == "port_forward"
            else "the pod is ready, but its Service is not to be reached from here: use executor.reach=port_forward, run "
            "autotune inside the cluster, or set executor.service_url"
        )
        return Failure("infrastructure", f"{url} does not answer", remedy, self.logs())

    def _wait_gone(self, cluster: Cluster) -> None:
        assert self._deployment is not None
        deadline = time.monotonic() + self._settings.stop_timeout_s
        while time.monotonic() < deadline:
            try:
                if not cluster.list("v1", "Pod", self._deployment.namespace, self._shape.selector(self._deployment)):
                    return
            except ClusterError:
                return
            time.sleep(LOOK_S / 4)


class Shape:
    """Where an executor's kinds differ: what is applied, which pods it becomes, where it answers."""

    target = "k8s"

    def documents(self, deployment: Deployment) -> list[dict[str, Any]]:
        """What `emit --target` prints for this server, as data. Raises InputError (AT029)."""
        files = emit_point(deployment, [self.target])
        wanted = [text for name, text in files.items() if name.endswith(f"/{self.target}.yaml")]
        return [item for text in wanted for item in yaml.load_all(text, Loader=_LOADER) if item]

    def selector(self, deployment: Deployment) -> str:
        return f"{INSTANCE}={deployment.name}"

    def container(self, deployment: Deployment) -> str:
        return deployment.engine

    def service(self, deployment: Deployment) -> tuple[str, int]:
        return deployment.name, deployment.port


class OmeShape(Shape):
    """OME's controller makes the pods, and a Service named after the InferenceService (pkg/constants of sgl-project/ome)."""

    target = "ome"

    def documents(self, deployment: Deployment) -> list[dict[str, Any]]:
        """Without BenchmarkJobs, and so without a ClusterBaseModel: the load comes from this run's own client."""
        return super().documents(replace(deployment, loads=()))

    def selector(self, deployment: Deployment) -> str:
        return f"ome.io/inferenceservice={deployment.name}"

    def container(self, deployment: Deployment) -> str:  # noqa: ARG002 - OME's own name for it
        return "ome-container"

    def service(self, deployment: Deployment) -> tuple[str, int]:
        return f"{deployment.name}-engine", deployment.port


SHAPES: dict[str, Shape] = {"kubernetes": Shape(), "ome": OmeShape()}


def _failure(error: ClusterError) -> Failure:
    if error.status in (401, 403):
        return Failure("refused", error.message, "ask for a role that allows it, or use another executor.context")
    if error.reason == "NoSuchKind":
        return Failure("refused", error.message, "install its operator on the cluster, or use executor=kubernetes")
    if 400 <= error.status < 500 and error.status not in (408, 409, 429):
        return Failure("refused", error.message, "`autotune emit` prints the document that the API server refused")
    return Failure("infrastructure", error.message, "look at the cluster: `kubectl cluster-info`")


def _refused(error: ClusterError, executor: str) -> Diagnostic:
    failure = _failure(error)
    return diagnostic("AT052", f"the cluster refuses the server: {failure.message}", path="executor", help=failure.remedy if
                      error.reason != "NoSuchKind" or executor == "ome" else "look at the cluster's version")  # fmt: skip


def _pause(seconds: float, cancelled: Callable[[], bool]) -> None:
    """Sleep, and wake early when the wait is cancelled."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not cancelled():
        time.sleep(min(left, 0.1))
