"""The pod that runs a server: what every Kubernetes target has in common."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from autotune.emit.config_files import config_files
from autotune.emit.labels import label_set, object_annotations, pod_annotations
from autotune.emit.shared import SharedList, SharedMap
from autotune.emit.sizes import kubernetes_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.deployment import Deployment, Probe, SecretRef, Volume

#: Seconds for running requests to finish before the pod is killed.
GRACE_PERIOD_S = 60

#: The engines' images run as root; no user is forced on them.
_POD_SECURITY = SharedMap({"seccompProfile": {"type": "RuntimeDefault"}})
_CONTAINER_SECURITY = SharedMap({"allowPrivilegeEscalation": False})

#: For functions of plain values: the servers of a sweep are alike in most of what they give.
_shared = functools.lru_cache(maxsize=256)


def object_metadata(deployment: Deployment, name: str | None = None) -> dict[str, Any]:
    """`metadata` of one emitted object; `name` is the deployment's own unless given."""
    metadata = {
        "name": name or deployment.name,
        "namespace": deployment.namespace,
        "labels": label_set(deployment),
    }
    annotations = object_annotations(deployment)
    return {**metadata, "annotations": annotations} if annotations else metadata


def files_name(deployment: Deployment) -> str:
    """Name of the ConfigMap that holds the deployment's files."""
    return f"{deployment.name}-files"


def pod_template(deployment: Deployment) -> dict[str, Any]:
    """PodTemplateSpec of one node of the server, with `deployment.gpus / deployment.nodes` GPUs.

    Service links are off: a Service called `vllm` would otherwise put VLLM_PORT=tcp://... into the environment, which
    vLLM reads as its own setting and stops. The engines never talk to the API server, so no token is mounted.
    """
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_PERIOD_S,
        "nodeSelector": _node_selector(tuple(sorted(deployment.node_selector.items()))),
        "tolerations": tolerations(deployment),
        "securityContext": _POD_SECURITY,
        "containers": [_container(deployment)],
        "volumes": _volumes(
            deployment.volumes, files_name(deployment) if deployment.files else None, deployment.shm_bytes
        ),
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
    return {
        key: value
        for key, value in data.items()
        if value or not (value is None or isinstance(value, (str, dict, list)))
    }


def _container(deployment: Deployment) -> dict[str, Any]:
    return without_empty({
        "name": deployment.engine,
        "image": deployment.image,
        "command": [escape_references(deployment.argv[0])],
        "args": arguments(deployment.argv),
        "env": _environment(tuple(sorted(deployment.env.items())), deployment.secrets),
        "ports": _ports(deployment.port, tuple(deployment.ports.items())),
        "resources": _resources(deployment),
        "startupProbe": _probe(deployment.startup),
        "readinessProbe": _probe(deployment.readiness),
        "livenessProbe": _probe(deployment.liveness),
        "securityContext": _CONTAINER_SECURITY,
        "volumeMounts": _mounts(
            deployment.volumes,
            tuple((file.path, file.key) for file in config_files(deployment)),
            "/dev/shm" if deployment.shm_bytes else None,  # noqa: S108
        ),
    })  # fmt: skip


@functools.lru_cache(maxsize=16)
def arguments(argv: tuple[str, ...]) -> SharedList[str]:
    """`args` of a container: what stands behind the command."""
    words = argv[1:]
    return SharedList(map(escape_references, words) if "$" in "".join(words) else words)


@_shared
def _node_selector(labels: tuple[tuple[str, str], ...]) -> SharedMap[str]:
    return SharedMap(labels)


@_shared
def _environment(env: tuple[tuple[str, str], ...], secrets: tuple[SecretRef, ...]) -> SharedList[dict[str, Any]]:
    plain: list[dict[str, Any]] = [{"name": name, "value": escape_references(value)} for name, value in env]
    secret = [
        {"name": item.env, "valueFrom": {"secretKeyRef": {"name": item.secret, "key": item.key}}}
        for item in sorted(secrets, key=lambda item: item.env)
    ]
    return SharedList([*plain, *secret])


@_shared
def _ports(port: int, others: tuple[tuple[str, int], ...]) -> SharedList[dict[str, Any]]:
    return SharedList(
        {"name": name, "containerPort": number, "protocol": "TCP"}
        for name, number in {"http": port, **dict(others)}.items()
    )


def _resources(deployment: Deployment) -> SharedMap[Any]:
    if deployment.gpu_vendor == "cpu" or not deployment.gpus:
        return SharedMap()
    return _devices(deployment.gpu_resource, deployment.gpus // deployment.nodes)


@_shared
def _devices(resource: str, count: int) -> SharedMap[Any]:
    # Extended resources cannot be overcommitted: the API server wants requests equal to limits.
    asked = SharedMap({resource: str(count)})
    return SharedMap({"requests": asked, "limits": asked})


def tolerations(deployment: Deployment) -> SharedList[dict[str, str]]:
    """GPU nodes are commonly tainted with the name of their resource, to keep other pods off."""
    if deployment.gpu_vendor == "cpu" or not deployment.gpus:
        return SharedList()
    return _tolerations(deployment.gpu_resource)


@_shared
def _tolerations(resource: str) -> SharedList[dict[str, str]]:
    return SharedList([{"key": resource, "operator": "Exists", "effect": "NoSchedule"}])


@_shared
def _probe(probe: Probe) -> SharedMap[Any]:
    return SharedMap({
        "httpGet": {"path": probe.path, "port": "http"},
        "periodSeconds": probe.period_s,
        "timeoutSeconds": probe.timeout_s,
        "failureThreshold": probe.failure_threshold,
    })  # fmt: skip


@_shared
def _mounts(
    volumes: tuple[Volume, ...], files: tuple[tuple[str, str], ...], shm: str | None
) -> SharedList[dict[str, Any]]:
    mounts = [
        without_empty({
            "name": volume.name,
            "mountPath": volume.mount_path,
            "subPath": volume.sub_path,
            "readOnly": True if volume.read_only else None,
        })
        for volume in volumes
    ]  # fmt: skip
    mounts += [
        # A subPath puts one file into its folder without hiding what the image has there.
        {"name": "files", "mountPath": path, "subPath": key, "readOnly": True}
        for path, key in files
    ]
    if shm is not None:
        mounts.append({"name": "shm", "mountPath": shm})
    return SharedList(mounts)


@_shared
def _volumes(volumes: tuple[Volume, ...], files: str | None, shm_bytes: int) -> SharedList[dict[str, Any]]:
    sources = [{"name": volume.name, **volume_source(volume)} for volume in volumes]
    if files is not None:
        sources.append({"name": "files", "configMap": {"name": files}})
    if shm_bytes:
        shm = {"medium": "Memory", "sizeLimit": kubernetes_size(shm_bytes)}
        sources.append({"name": "shm", "emptyDir": shm})
    return SharedList(sources)


def volume_source(volume: Volume) -> dict[str, Any]:
    """What a volume is of, without its name."""
    if volume.pvc is not None:
        return {"persistentVolumeClaim": {"claimName": volume.pvc}}
    if volume.host_path is not None:
        # `Directory`: a mistyped path is an error, not an empty folder that the model is downloaded into.
        return {"hostPath": {"path": volume.host_path, "type": "Directory"}}
    size = None if volume.size_bytes is None else kubernetes_size(volume.size_bytes)
    return {"emptyDir": without_empty({"medium": volume.medium, "sizeLimit": size})}
