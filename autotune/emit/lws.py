"""LeaderWorkerSet: a server that spans nodes, one pod a node; the leader answers requests.

https://lws.sigs.k8s.io/docs/reference/leaderworkerset.v1
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.emit.autoscaling import autoscaler, find_autoscaling_faults
from autotune.emit.disruption import disruption_budget
from autotune.emit.faults import fault, find_faults, refuse
from autotune.emit.heading import heading
from autotune.emit.k8s import config_map, fixed_replicas
from autotune.emit.kubernetes_faults import find_kubernetes_faults
from autotune.emit.labels import selector
from autotune.emit.manifest import dump_documents
from autotune.emit.monitoring import find_metric_faults, service_monitor
from autotune.emit.pod import object_metadata, pod_template
from autotune.engines.sglang import TABLE as SGLANG
from autotune.engines.vllm import TABLE as VLLM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.engines.table import FlagTable

_API = "leaderworkerset.x-k8s.io/v1"
#: Longest name: the Service needs one other than the headless Service that LWS names after the set.
_SERVICE_SUFFIX = "-http"
_NAME_LENGTH = 63 - len(_SERVICE_SUFFIX)
#: What LWS sets in every pod, as the kubelet expands it.
_LEADER = "$(LWS_LEADER_ADDRESS)"
_RANK = "$(LWS_WORKER_INDEX)"
_SIZE = "$(LWS_GROUP_SIZE)"


class _Group(NamedTuple):
    """How the processes of one server find each other: flags of every node, and of all but the first."""

    table: FlagTable
    flags: dict[str, str]
    worker_flags: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """Flags that say how the server spans nodes in another way."""


_GROUPS = {
    # https://docs.vllm.ai/en/latest/serving/parallelism_scaling: workers have no HTTP server.
    "vllm": _Group(
        VLLM,
        {
            "--distributed-executor-backend": "mp",
            "--nnodes": _SIZE,
            "--node-rank": _RANK,
            "--master-addr": _LEADER,
        },
        ("--headless",),
        ("--data-parallel-size",),
    ),
    # https://docs.sglang.ai/references/multi_node_deployment/multi_node
    "sglang": _Group(SGLANG, {"--nnodes": _SIZE, "--node-rank": _RANK, "--dist-init-addr": f"{_LEADER}:20000"}),
}


class LwsEmitter:
    """`lws.yaml`: ConfigMap (if there are files), LeaderWorkerSet (v1), a Service for the leaders, and what was asked for of
    PodDisruptionBudget, autoscaler and ServiceMonitor.
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        refuse(
            find_faults(deployment),
            find_kubernetes_faults(deployment),
            find_autoscaling_faults(deployment),
            find_metric_faults(deployment),
            _find_own_faults(deployment),
        )
        workload = {"apiVersion": _API, "kind": "LeaderWorkerSet", "name": deployment.name}
        service = _service(deployment)
        documents = [
            *config_map(deployment),
            _set(deployment),
            service,
            # Of all pods of a group: one that goes takes its group with it.
            *disruption_budget(deployment, selector(deployment)),
            *autoscaler(deployment, workload, service=service["metadata"]["name"]),
            *service_monitor(deployment, selector(deployment)),
        ]
        return {"lws.yaml": dump_documents(documents, heading(deployment))}


def without_group_flags(arguments: Sequence[str]) -> list[str]:
    """Arguments less those that `lws.yaml` adds for several nodes, as the manifest holds them."""
    words = list(arguments)
    for group in _GROUPS.values():
        more = [part for flag, value in group.flags.items() for part in (flag, value)]
        for added in ([*more, *group.worker_flags], more):
            if words[-len(added) :] == added:
                return words[: -len(added)]
    return words


def _set(deployment: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "LeaderWorkerSet",
        "metadata": object_metadata(deployment),
        "spec": {
            **fixed_replicas(deployment),
            # Workers wait for the leader by themselves, and the leader is not ready before all have loaded.
            "startupPolicy": "LeaderCreated",
            # No more groups than replicas at any time: they would need GPUs of their own.
            "rolloutStrategy": {
                "type": "RollingUpdate",
                "rollingUpdateConfiguration": {"maxUnavailable": 1, "maxSurge": 0},
            },
            "leaderWorkerTemplate": {
                "size": deployment.nodes,
                # A process that has lost one of its peers does not find it again.
                "restartPolicy": "RecreateGroupOnPodRestart",
                "leaderTemplate": _template(deployment, leader=True),
                "workerTemplate": _template(deployment, leader=False),
            },
        },
    }


def _template(deployment: Deployment, *, leader: bool) -> dict[str, Any]:
    template = pod_template(deployment)
    (container,) = template["spec"]["containers"]
    if deployment.nodes > 1:
        group = _GROUPS[deployment.engine]
        more = [part for flag, value in group.flags.items() for part in (flag, value)]
        container["args"] = [*container.get("args", []), *more, *(() if leader else group.worker_flags)]
    if not leader:
        for key in ("ports", "startupProbe", "readinessProbe", "livenessProbe"):
            del container[key]
    return template


def _service(deployment: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_metadata(deployment, f"{deployment.name}{_SERVICE_SUFFIX}"),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(deployment) | {"leaderworkerset.sigs.k8s.io/worker-index": "0"},
            "ports": [
                {"name": name, "port": port, "targetPort": name, "protocol": "TCP"}
                for name, port in {"http": deployment.port, **deployment.ports}.items()
            ],
        },
    }


def _find_missing(group: _Group, version: str) -> list[str]:
    """The group's flags that the version lacks, or is not known to have."""
    flags = [*group.flags, *group.worker_flags]
    if version not in group.table.versions():
        return flags
    known = group.table.known(version)
    return [flag for flag in flags if known.find(flag) is None]


def _find_own_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    if len(deployment.name) > _NAME_LENGTH:
        yield fault(
            f"the name {deployment.name!r} is longer than the {_NAME_LENGTH} characters that fit a Service here"
        )
    for name in sorted(set(deployment.env) & {"LWS_LEADER_ADDRESS", "LWS_WORKER_INDEX", "LWS_GROUP_SIZE"}):
        yield fault(f"{name} is set by LeaderWorkerSet", f"misc.env.{name}", "drop it")
    if deployment.nodes == 1:
        return
    if (group := _GROUPS.get(deployment.engine)) is None:
        yield fault(
            f"{deployment.engine} is not started on several nodes by flags of its own",
            "system.nodes",
            f"use {' or '.join(sorted(_GROUPS))}, or a single node",
        )
        return
    missing = _find_missing(group, deployment.engine_version)
    if missing:
        yield fault(
            f"{deployment.engine} {deployment.engine_version} does not have {', '.join(missing)}, so it spans no nodes here",
            "system.backend_version",
            "choose a newer version, or a single node",
        )
    written = [argument.partition("=")[0] for argument in deployment.argv]
    for flag in (*group.flags, *group.worker_flags, *group.excluded):
        if flag in written:
            yield fault(
                f"{flag} says how the server spans nodes, and so does a LeaderWorkerSet",
                "parallel.dp" if flag == "--data-parallel-size" else "misc.extra_args",
                "drop it",
            )
