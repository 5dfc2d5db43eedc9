"""What a server's pods and events say: waiting, ready, or in trouble, and which. Pure.

Reasons and fields are those of the Kubernetes API (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/);
the kubelet's waiting reasons stand in k8s.io/kubernetes/pkg/kubelet/images/types.go and pkg/kubelet/container/sync_result.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from autotune.run.failures import classify
from autotune.store.result import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from autotune.run.failures import Phase


class _Waiting(NamedTuple):
    """A container that waits for this reason: the class, how long that may be a passing state in s, and the remedy."""

    kind: Literal["image", "start_crash", "infrastructure"]
    patience_s: float
    remedy: str


_IMAGE = "look at system.image, at the registry, and at the pull secrets of the namespace's service account"
_REFERENCE = (
    "create what the message names in the namespace (a Secret, a ConfigMap), or drop the setting that refers to it"
)

WAITING: dict[str, _Waiting] = {
    # The kubelet tries again by itself; after a minute it has, several times.
    "ErrImagePull": _Waiting("image", 60.0, _IMAGE),
    "ImagePullBackOff": _Waiting("image", 60.0, _IMAGE),
    "RegistryUnavailable": _Waiting("image", 120.0, _IMAGE),
    "SignatureValidationFailed": _Waiting("image", 0.0, _IMAGE),
    "ImageInspectError": _Waiting("image", 30.0, _IMAGE),
    "ErrImageNeverPull": _Waiting("image", 0.0, "the image is not on the node and its pull policy forbids pulling it"),
    "InvalidImageName": _Waiting("image", 0.0, "mend system.image"),
    "CreateContainerConfigError": _Waiting("start_crash", 30.0, _REFERENCE),
    "CreateContainerError": _Waiting("start_crash", 30.0, "look at the node's container runtime and the command's first word"),
    "RunContainerError": _Waiting("start_crash", 30.0, "look at the node's container runtime and the command's first word"),
}  # fmt: skip

#: Events that explain a server without pods, or pods without containers.
_TELLING_EVENTS = frozenset({
    "FailedCreate", "FailedMount", "FailedAttachVolume", "FailedScheduling", "Failed", "BackOff", "Unhealthy", "Evicted",
    "FailedCreatePodSandBox", "OOMKilling", "NodeNotReady", "Preempted",
})  # fmt: skip
_EVENT_PATIENCE_S = {"FailedCreate": 30.0, "FailedMount": 120.0, "FailedAttachVolume": 120.0}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failure that counts once it has lasted for `patience_s`. `wants_log` names the container whose log says more."""

    failure: Failure
    patience_s: float = 0.0
    wants_log: tuple[str, str, bool] | None = None
    """(pod, container, whether the log of its previous run)."""
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class ServerState:
    """`ready` when as many pods as asked for are. `pod` is the one to talk to: ready if any is, else the newest."""

    ready: bool
    pod: str | None = None
    container: str | None = None
    started: bool = False
    """Whether that pod's container has begun, so that it has a log."""
    trouble: Trouble | None = None
    waiting_for: str = ""


def read_state(
    pods: Sequence[dict[str, Any]],
    events: Sequence[dict[str, Any]],
    replicas: int,
    container: str,
    schedule_timeout_s: float,
) -> ServerState:
    """The state of a server whose pods and events these are. `container` is the name of the engine's container."""
    alive = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    alive.sort(key=lambda pod: (_is_ready(pod), pod["metadata"].get("creationTimestamp", "")), reverse=True)
    trouble = next((found for pod in alive if (found := _pod_trouble(pod, container, schedule_timeout_s))), None)
    trouble = trouble or _event_trouble(events)
    if not alive:
        return ServerState(False, trouble=trouble, waiting_for="pods to be created")
    first = alive[0]
    name = _container_name(first, container)
    ready = sum(_is_ready(pod) for pod in alive) >= max(replicas, 1)
    status = _container_status(first, name) or {}
    begun = bool(status.get("state", {}).keys() & {"running", "terminated"}) or bool(status.get("restartCount"))
    waiting = "" if ready else _waits_for(first, status)
    return ServerState(ready, first["metadata"]["name"], name, begun, trouble, waiting)


def with_log(trouble: Trouble, log: str, phase: Phase) -> Failure:
    """The failure once the container's log is at hand: what the engine says explains more than how it ended."""
    failure = trouble.failure
    if not log:
        return failure
    if failure.kind == "out_of_memory":
        return Failure(failure.kind, failure.message, failure.remedy, log[-8192:])
    said = classify(log, trouble.exit_code, phase)
    return Failure(said.kind, said.message, said.remedy, f"{failure.log_tail}\n{said.log_tail}".strip())


def event_lines(events: Iterable[dict[str, Any]]) -> list[str]:
    """Events as people read them, oldest first: `Warning FailedScheduling Pod/x: 0/4 nodes are available`."""
    ordered = sorted(events, key=_event_time)
    return [
        f"{event.get('type', 'Normal')} {event.get('reason', '')} "
        f"{event.get('involvedObject', {}).get('kind', '')}/{event.get('involvedObject', {}).get('name', '')}: "
        f"{event.get('message', '')}"
        for event in ordered
    ]


def _pod_trouble(pod: dict[str, Any], container: str, schedule_timeout_s: float) -> Trouble | None:
    status = pod.get("status", {})
    name = pod["metadata"]["name"]
    if status.get("reason") == "Evicted":
        return Trouble(Failure("infrastructure", f"pod {name} was evicted: {status.get('message', '')}",
                               "the node ran out of disk or memory; look at `kubectl describe node`"))  # fmt: skip
    if status.get("phase") == "Failed" and not status.get("containerStatuses"):
        return Trouble(Failure("infrastructure", f"pod {name} failed: {status.get('reason', '')} {status.get('message', '')}",
                               "look at the node: `kubectl describe pod` names it"))  # fmt: skip
    for condition in status.get("conditions", []):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
            return Trouble(
                Failure("unschedulable", f"no node takes the pod: {condition.get('message', '')}",
                        "free GPUs, or ask for fewer; deploy.node_selector and the nodes' taints must fit too"),
                schedule_timeout_s,
            )  # fmt: skip
    main = _container_name(pod, container)
    for item in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        if found := _container_trouble(name, item, item.get("name") == main):
            return found
    return None


def _container_trouble(pod: str, status: dict[str, Any], main: bool) -> Trouble | None:
    name = str(status.get("name", ""))
    state, last = status.get("state", {}), status.get("lastState", {})
    ended = state.get("terminated") or last.get("terminated")
    previous = "terminated" not in state
    if ended and ended.get("reason") == "OOMKilled":
        return Trouble(
            Failure("out_of_memory", f"container {name} was killed for its memory (OOMKilled)",
                    "the container's memory limit or the node's memory is too small: weights pass through host memory, "
                    "and what lies in /dev/shm counts; lower memory.cpu_offload_gb, or take a larger node"),
            wants_log=(pod, name, previous), exit_code=ended.get("exitCode"),
        )  # fmt: skip
    waiting = state.get("waiting", {})
    reason = str(waiting.get("reason", ""))
    if rule := WAITING.get(reason):
        message = f"{reason}: {waiting.get('message', '')}".strip(": ")
        return Trouble(Failure(rule.kind, message, rule.remedy), rule.patience_s)
    crashed = reason == "CrashLoopBackOff" or (ended is not None and int(status.get("restartCount", 0)) > 0)
    over = "terminated" in state and (main or state["terminated"].get("exitCode"))
    if ended is not None and (crashed or over):
        code = int(ended.get("exitCode", 0))
        what = f"container {name} ended with exit code {code} ({ended.get('reason', 'Error')})"
        return Trouble(
            Failure("start_crash", what, "read the server's log; `autotune explain` shows who set each flag"),
            wants_log=(pod, name, previous),
            exit_code=code,
        )
    return None


def _event_trouble(events: Sequence[dict[str, Any]]) -> Trouble | None:
    for event in sorted(events, key=_event_time, reverse=True):
        reason = event.get("reason", "")
        if event.get("type") == "Warning" and reason in _EVENT_PATIENCE_S:
            message = f"{reason}: {event.get('message', '')}"
            remedy = (
                "the namespace refuses the pod: look at its quota and its admission rules"
                if reason == "FailedCreate"
                else "look at deploy.pvc, deploy.host_path and the Secrets and ConfigMaps that the pod mounts"
            )
            return Trouble(Failure("start_crash", message, remedy), _EVENT_PATIENCE_S[reason])
    return None


def telling(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The events that a failure record keeps."""
    return (event for event in events if event.get("type") == "Warning" or event.get("reason") in _TELLING_EVENTS)


def _is_ready(pod: dict[str, Any]) -> bool:
    return any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for condition in pod.get("status", {}).get("conditions", [])
    )


def _container_name(pod: dict[str, Any], wanted: str) -> str:
    names = [str(item["name"]) for item in pod.get("spec", {}).get("containers", [])]
    return wanted if wanted in names or not names else names[0]


def _container_status(pod: dict[str, Any], name: str) -> dict[str, Any] | None:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return next((item for item in statuses if item.get("name") == name), None)


def _waits_for(pod: dict[str, Any], status: dict[str, Any]) -> str:
    if "running" in status.get("state", {}):
        return "the model to be loaded"
    if reason := status.get("state", {}).get("waiting", {}).get("reason"):
        return str(reason)
    scheduled = any(
        condition.get("type") == "PodScheduled" and condition.get("status") == "True"
        for condition in pod.get("status", {}).get("conditions", [])
    )
    return "the image" if scheduled else "a node"


def _event_time(event: dict[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp") or "")
