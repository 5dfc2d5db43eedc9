"""The pod that runs a server: what every Kubernetes target has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.config_files import config_files
from autotune.emit.labels import label_set, object_annotations, pod_annotations
from autotune.emit.sizes import kubernetes_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.deployment import Deployment, Probe, Volume

#: Seconds for running requests to finish before the pod is killed.
GRACE_PERIOD_S = 60


def object_metadata(deployment: Deployment, name: str | None = None) -> dict[str, Any]:
    """`metadata` of one emitted object; `name` is the deployment's own unless given."""
    return without_empty({
        "name": name or deployment.name,
        "namespace": deployment.namespace,
        "labels": label_set(deployment),
        "annotations": object_annotations(deployment),
    })  # fmt: skip


def files_name(deployment: Deployment) -> str:
    """Name of the ConfigMap that holds the deployment's files."""
    return f"{deployment.name}-files"


def pod_template(deployment: Deployment) -> dict[str, Any]:
    """PodTemplateSpec of one node of the server, with `deployment.gpus / deployment.nodes` GPUs.

    Service links are off: a Service called `vllm` would otherwise put VLLM_PORT=tcp://... into the environment, which
    vLLM reads as its own setting and stops. The engines never talk to the API server, so no token is mounted.
    """
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_PERIOD_S,
        "nodeSelector": dict(sorted(deployment.node_selector.items())),
        "tolerations": tolerations(deployment),
        # The engines' images run as root; no user is forced on them.
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(deployment)],
        "volumes": _volumes(deployment),
    }
    return {
        "metadata": {"labels": label_set(deployment), "annotations": pod_annotations(deployment)},
        "spec": without_empty(spec),
    }


def escape_references(text: str) -> str:
    """Text that the kubelet's expansion of `$(NAME)` gives back unchanged.

    Every `$` is doubled, not only those of `$(`: `$$` collapses to `$` wherever it stands, and a lone `$` before a
    character outside ASCII comes out broken (k8s.io/kubernetes/third_party/forked/golang/expansion).
    """
    return text.replace("$", "$$")


def without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that hold something; zero and false do."""
    return {key: value for key, value in data.items() if value is not None and value not in ({}, [], "")}


def _container(deployment: Deployment) -> dict[str, Any]:
    command, *arguments = [escape_references(argument) for argument in deployment.argv]
    return without_empty({
        "name": deployment.engine,
        "image": deployment.image,
        "command": [command],
        "args": arguments,
        "env": _environment(deployment),
        "ports": [
            {"name": name, "containerPort": port, "protocol": "TCP"}
            for name, port in {"http": deployment.port, **deployment.ports}.items()
        ],
        "resources": _resources(deployment),
        "startupProbe": _probe(deployment.startup),
        "readinessProbe": _probe(deployment.readiness),
        "livenessProbe": _probe(deployment.liveness),
        "securityContext": {"allowPrivilegeEscalation": False},
        "volumeMounts": _mounts(deployment),
    })  # fmt: skip


def _environment(deployment: Deployment) -> list[dict[str, Any]]:
    plain = [{"name": name, "value": escape_references(value)} for name, value in sorted(deployment.env.items())]
    secret = [
        {"name": item.env, "valueFrom": {"secretKeyRef": {"name": item.secret, "key": item.key}}}
        for item in sorted(deployment.secrets, key=lambda item: item.env)
    ]
    return [*plain, *secret]


def _resources(deployment: Deployment) -> dict[str, Any]:
    if deployment.gpu_vendor == "cpu" or not deployment.gpus:
        return {}
    # Extended resources cannot be overcommitted: the API server wants requests equal to limits.
    count = {deployment.gpu_resource: str(deployment.gpus // deployment.nodes)}
    return {"requests": count, "limits": count}


def tolerations(deployment: Deployment) -> list[dict[str, str]]:
    """GPU nodes are commonly tainted with the name of their resource, to keep other pods off."""
    if deployment.gpu_vendor == "cpu" or not deployment.gpus:
        return []
    return [{"key": deployment.gpu_resource, "operator": "Exists", "effect": "NoSchedule"}]


def _probe(probe: Probe) -> dict[str, Any]:
    return {
        "httpGet": {"path": probe.path, "port": "http"},
        "periodSeconds": probe.period_s,
        "timeoutSeconds": probe.timeout_s,
        "failureThreshold": probe.failure_threshold,
    }


def _mounts(deployment: Deployment) -> list[dict[str, Any]]:
    mounts = [
        without_empty({
            "name": volume.name,
            "mountPath": volume.mount_path,
            "subPath": volume.sub_path,
            "readOnly": True if volume.read_only else None,
        })
        for volume in deployment.volumes
    ]  # fmt: skip
    mounts += [
        # A subPath puts one file into its folder without hiding what the image has there.
        {"name": "files", "mountPath": file.path, "subPath": file.key, "readOnly": True}
        for file in config_files(deployment)
    ]
    if deployment.shm_bytes:
        mounts.append({"name": "shm", "mountPath": "/dev/shm"})  # noqa: S108
    return mounts


def _volumes(deployment: Deployment) -> list[dict[str, Any]]:
    volumes = [{"name": volume.name, **volume_source(volume)} for volume in deployment.volumes]
    if deployment.files:
        volumes.append({"name": "files", "configMap": {"name": files_name(deployment)}})
    if deployment.shm_bytes:
        shm = {"medium": "Memory", "sizeLimit": kubernetes_size(deployment.shm_bytes)}
        volumes.append({"name": "shm", "emptyDir": shm})
    return volumes


def volume_source(volume: Volume) -> dict[str, Any]:
    """What a volume is of, without its name."""
    if volume.pvc is not None:
        return {"persistentVolumeClaim": {"claimName": volume.pvc}}
    if volume.host_path is not None:
        # `Directory`: a mistyped path is an error, not an empty folder that the model is downloaded into.
        return {"hostPath": {"path": volume.host_path, "type": "Directory"}}
    size = None if volume.size_bytes is None else kubernetes_size(volume.size_bytes)
    return {"emptyDir": without_empty({"medium": volume.medium, "sizeLimit": size})}
