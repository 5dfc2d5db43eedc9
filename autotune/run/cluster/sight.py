"""What is seen of a server on a cluster: its pods and events as they change, and what has lasted long enough to be a failure."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from autotune.run.cluster.api import ClusterError, Selection
from autotune.run.cluster.members import Member, events_of, read_members, waits_for
from autotune.run.cluster.mirror import Mirror
from autotune.run.cluster.pod_state import Trouble, event_lines, telling, with_log
from autotune.run.cluster.refusals import api_failure
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from autotune.engines.deployment import Deployment
    from autotune.run.cluster.api import Cluster
    from autotune.run.cluster.shape import Shape
    from autotune.run.failures import Phase
    from autotune.schema import KubernetesExecutor

#: Events kept with a failure.
_EVENTS_KEPT = 20


class Patience:
    """Since when each thing has been wrong."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}

    def lasts(self, what: str, text: str, seconds: float) -> bool:
        """Whether this was first said of `what` so long ago, other faults in between (a kubelet's two words for an image
        that cannot be pulled take turns), but no time at which it was well.
        """
        return time.monotonic() - self._since.setdefault((what, text), time.monotonic()) >= seconds

    def forget(self, what: str) -> None:
        """It is well."""
        for key in [key for key in self._since if key[0] == what]:
            del self._since[key]


class Sight:
    """Pods and events of servers of one namespace, from now on until `close`. `changed` is set when they change.

    `log_of` gives the end of what was copied of a server's log. `model` is what the cluster has to bring to a node first.
    """

    def __init__(
        self,
        cluster: Cluster,
        shape: Shape,
        servers: Sequence[Deployment],
        settings: KubernetesExecutor,
        *,
        log_of: Callable[[Deployment], str],
        model: Selection | None = None,
    ) -> None:
        self._cluster = cluster
        self._log_of = log_of
        self._shape = shape
        self._settings = settings
        self._namespace = servers[0].namespace
        self._patience = Patience()
        self._names = {server.name for server in servers}
        self._errands: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._arriving = ""
        self.changed = threading.Event()
        self.members: list[Member] = []
        selector = shape.selector(servers)
        self._pods = Mirror(cluster, Selection("v1", "Pod", self._namespace, selector), self.changed)
        self._events = Mirror(cluster, Selection("v1", "Event", self._namespace), self.changed, self._is_ours)
        self._model = None if model is None else Mirror(cluster, model, self.changed)

    @property
    def watched(self) -> bool:
        """False where the user may not watch pods."""
        return self._pods.watched is not False

    def look(self, servers: Iterable[Deployment], phase: Phase) -> Failure | None:
        """Go through what is known of these servers; the failure that it means, if it has lasted long enough."""
        with self._lock:
            try:
                pods, events = self._pods.objects(), self._events.objects()
                self._arriving = self._ask_for_model()
            except ClusterError as error:
                return self.away(error, self._patience)
            self._patience.forget("")
            events = events_of("", events, self._errands)
            if self._arriving.startswith("Failed"):
                return Failure("start_crash", f"OME could not bring the model to a node: {self._arriving}",
                               "look at the log of OME's model agent; a gated model needs deploy.hf_token_secret")  # fmt: skip
            self.members = read_members(servers, self._shape, pods, events, self._settings.schedule_timeout_s)
            for member in self.members:
                if (trouble := self._lasting(member)) is not None:
                    return member.named(self.explain(trouble, member.events, phase, self._log_of(member.deployment)))
            return None

    def pods(self) -> list[dict[str, Any]]:
        """Every pod of the servers, those on their way out too. Raises ClusterError."""
        return self._pods.objects()

    def away(self, error: ClusterError, patience: Patience) -> Failure | None:
        """The failure of an API server that does not say, once it has been away for too long."""
        failed = api_failure(error)
        limit_s = 0.0 if error.status in (401, 403) else self._settings.outage_timeout_s
        return failed if patience.lasts("", "away", limit_s) else None

    def explain(self, trouble: Trouble, events: Iterable[dict[str, Any]], phase: Phase, copied: str = "") -> Failure:
        """The failure with what the container's log, or what was copied of it before, and the events say about it."""
        log = ""
        if trouble.wants_log is not None:
            pod, container, previous = trouble.wants_log
            try:
                log = self._cluster.log(pod, self._namespace, container, previous=previous)
            except ClusterError:
                log = copied
        failure = with_log(trouble, log, phase)
        lines = event_lines(telling(events))[-_EVENTS_KEPT:]
        tail = "\n".join([*lines, failure.log_tail]) if lines else failure.log_tail
        return Failure(failure.kind, failure.message, failure.remedy, tail)

    def expect(self, name: str) -> None:
        """Keep the events of another object too, apart from those of the servers."""
        self._errands = (*self._errands, name)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Those about objects of that name, or one that begins with it. Raises ClusterError."""
        return events_of(name, self._events.objects())

    def waits_for(self) -> str:
        """What the servers that are not ready are waiting for."""
        return f"the model to be on a node (OME says {self._arriving})" if self._arriving else waits_for(self.members)

    def trouble(self, member: Member) -> Trouble | None:
        """What a server is in trouble with. Pods that wait for nodes to have the model are not, whatever the scheduler says."""
        found = member.state.trouble
        return None if found is not None and found.failure.kind == "unschedulable" and self._arriving else found

    def close(self) -> None:
        for mirror in (self._pods, self._events, self._model):
            if mirror is not None:
                mirror.close()

    def _ask_for_model(self) -> str:
        """What OME says of a model that no node has yet; empty once one has it."""
        if self._model is None:
            return ""
        status: dict[str, Any] = next((item.get("status") or {} for item in self._model.objects()), {})
        state = str(status.get("state", "nothing yet"))
        return "" if state == "Ready" else f"{state} {' '.join(status.get('nodesFailed') or ())}".rstrip()

    def _lasting(self, member: Member) -> Trouble | None:
        trouble, name = self.trouble(member), member.deployment.name
        if trouble is None or (member.state.ready and trouble.patience_s > 0):
            self._patience.forget(name)
            return None
        return trouble if self._patience.lasts(name, trouble.failure.message[:40], trouble.patience_s) else None

    def _is_ours(self, event: dict[str, Any]) -> bool:
        about = str(event.get("involvedObject", {}).get("name", ""))
        return about.startswith((*self._names, *self._errands))
