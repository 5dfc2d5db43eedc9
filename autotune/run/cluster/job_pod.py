"""The one pod of a Job: what keeps it from running, whether it runs, how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.run.cluster.api import ClusterError, Selection
from autotune.run.cluster.mirror import Mirror
from autotune.run.cluster.pod_state import read_state
from autotune.run.cluster.sight import Patience
from autotune.run.executor import ExperimentFailed
from autotune.store.result import Failure

if TYPE_CHECKING:
    from autotune.run.cluster.ground import Ground

_WHO = "the load client"
_IMAGE = "look at benchmark.image, at the registry, and at the pull secrets of the namespace's service account"


class Ended(NamedTuple):
    """How a container ended, as the kubelet has it."""

    code: int
    reason: str
    message: str

    def __str__(self) -> str:
        if self.reason == "OOMKilled":
            return "it was killed for its memory (OOMKilled)"
        why = f" ({self.reason})" if self.reason not in ("", "Error", "Completed") else ""
        return f"its container ended with exit code {self.code}{why}{f': {self.message}' if self.message else ''}"


class JobPod:
    """The pod with these labels, whose events are those about `name`; `container` is looked for in it, else its first."""

    def __init__(self, ground: Ground, name: str, labels: str, container: str) -> None:
        self._ground = ground
        self._name = name
        self._wanted = container
        self._patience = Patience()
        selection = Selection("v1", "Pod", ground.deployment.namespace, labels)
        self._pods = Mirror(ground.cluster, selection, ground.sight.changed)
        self._seen = False
        #: The pod's name, and its container's, once there is one; `node` and `image` once it runs.
        self.pod = ""
        self.container = container
        self.node = ""
        self.image = ""
        self.started = False
        self.waiting_for = "a pod"

    def look(self) -> Ended | None:
        """How it ended, None while it has not. Raises ExperimentFailed for what keeps it from running."""
        sight, limit_s = self._ground.sight, self._ground.settings.schedule_timeout_s
        try:
            pods, events = self._pods.objects(), sight.events(self._name)
        except ClusterError as error:
            if (failure := sight.away(error, self._patience)) is not None:
                raise ExperimentFailed(failure) from error
            return None
        self._patience.forget("")
        if (ended := self._read(pods)) is not None:
            return ended
        state = read_state(pods, events, 1, self.container, limit_s)
        self.waiting_for = state.waiting_for
        if state.trouble is None:
            self._patience.forget(self._name)
        elif self._patience.lasts(self._name, state.trouble.failure.message[:40], state.trouble.patience_s):
            raise ExperimentFailed(_of_client(sight.explain(state.trouble, events, "benchmark")))
        if self._seen and not pods:
            raise ExperimentFailed(
                Failure("infrastructure", f"{_WHO}'s pod is gone: someone or something deleted it",
                        "look at the namespace's events")
            )  # fmt: skip
        return None

    def close(self) -> None:
        self._pods.close()

    def _read(self, pods: list[dict[str, Any]]) -> Ended | None:
        if not pods:
            return None
        pod = max(pods, key=lambda item: str(item["metadata"].get("creationTimestamp", "")))
        spec, status = pod.get("spec", {}), pod.get("status", {})
        containers = {str(item["name"]): item for item in spec.get("containers", [])}
        if self._wanted not in containers and containers:
            self.container = next(iter(containers))
        self.pod, self._seen = str(pod["metadata"]["name"]), True
        self.node = str(spec.get("nodeName", ""))
        self.image = str(containers.get(self.container, {}).get("image", ""))
        state: dict[str, Any] = next(
            (item.get("state", {}) for item in status.get("containerStatuses", []) if item["name"] == self.container),
            {},
        )
        self.started = bool(state.keys() & {"running", "terminated"})
        if "terminated" not in state:
            return None
        found = state["terminated"]
        return Ended(int(found.get("exitCode", 0)), str(found.get("reason", "")), str(found.get("message", "")))


def _of_client(failure: Failure) -> Failure:
    """A failure of the client's pod. The classes that speak of the server's config are not for it: they prune other points."""
    kind = "benchmark" if failure.kind in ("out_of_memory", "start_crash", "killed", "not_ready") else failure.kind
    remedy = _IMAGE if failure.kind == "image" else failure.remedy
    return replace(failure, kind=kind, message=f"{_WHO}: {failure.message}", remedy=remedy)
