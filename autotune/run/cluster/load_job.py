"""The Job that a load client's command runs in, as documents. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotune.emit.pod import escape_references, volume_source, without_empty
from autotune.run.cluster.parcel import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.deployment import SecretRef, Volume

#: The label by which the pod of a Job is found; a value is the Job's name.
JOB_LABEL = "autotune/job"
CONTAINER = "load-client"
WORK, INBOX, HOME = "/autotune/work", "/autotune/in", "/autotune/home"

#: What the scheduler keeps free for a client: a guess at what Python tools that import torch take; a client without a
#: CPU to itself would measure its own waiting.
_REQUESTS = {"cpu": "1", "memory": "2Gi"}
#: When the cluster itself removes what nobody read, in s.
_FORGOTTEN_S = 3600
_GRACE_S = 5


@dataclass(frozen=True, slots=True)
class Errand:
    """One command to be run in a pod. `pieces` are the files that it works on, as `parcel.pack` gives them.

    `limit_s` is when the cluster ends it by itself. `claim` is (claim, folder in it) to work in, else a folder of the
    pod's own. `volumes` are mounted as at the server, read-only. `beside` are the labels of pods to be kept apart from, if
    the nodes allow, and `node` the one node to run on.
    """

    name: str
    namespace: str
    image: str
    marker: str
    argv: tuple[str, ...] = ()
    folder: str = WORK
    search: tuple[str, ...] = ()
    pieces: tuple[bytes, ...] = ()
    limit_s: float = 3600.0
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[SecretRef, ...] = ()
    volumes: tuple[Volume, ...] = ()
    claim: tuple[str, str] | None = None
    tolerations: tuple[Mapping[str, str], ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    node: str | None = None


def errand_documents(errand: Errand, script: str, metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """ConfigMaps with the pieces, if there are any, then the Job. `metadata` is what every object has beside its name.

    `script` is the text of `in_pod.py`.
    """
    maps = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**metadata, "name": _piece(errand, number)},
            "binaryData": {f"piece-{number:04}": encode(content)},
        }
        for number, content in enumerate(errand.pieces)
    ]
    labels = {**metadata.get("labels", {}), JOB_LABEL: errand.name}
    return [
        *maps,
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {**metadata, "name": errand.name, "labels": labels},
            "spec": {
                # Whether to try again is the run's to decide.
                "backoffLimit": 0,
                "activeDeadlineSeconds": max(1, round(errand.limit_s)),
                "ttlSecondsAfterFinished": _FORGOTTEN_S,
                "template": {
                    # A mesh's proxy would outlive the client, and stand in what it measures.
                    "metadata": {"labels": labels, "annotations": {"sidecar.istio.io/inject": "false"}},
                    "spec": _pod(errand, script),
                },
            },
        },
    ]


def _pod(errand: Errand, script: str) -> dict[str, Any]:
    return without_empty({
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _GRACE_S,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "affinity": _affinity(errand),
        "tolerations": [dict(item) for item in errand.tolerations],
        "containers": [_container(errand, script)],
        "volumes": _volumes(errand),
    })  # fmt: skip


def _container(errand: Errand, script: str) -> dict[str, Any]:
    inbox = INBOX if errand.pieces else "-"
    words = [script, inbox, errand.folder, errand.marker, ":".join(errand.search), *errand.argv]
    return without_empty({
        "name": CONTAINER,
        "image": errand.image,
        "command": ["python3", "-c"],
        "args": [escape_references(word) for word in words],
        "env": _environment(errand),
        "resources": {"requests": _REQUESTS},
        "securityContext": {"allowPrivilegeEscalation": False},
        "volumeMounts": _mounts(errand),
    })  # fmt: skip


def _environment(errand: Errand) -> list[dict[str, Any]]:
    # Images whose user has no home, or an unwritable one, are common.
    plain = {"HOME": HOME, "PYTHONUNBUFFERED": "1", **errand.env}
    return [
        *({"name": name, "value": escape_references(value)} for name, value in sorted(plain.items())),
        *(
            {"name": item.env, "valueFrom": {"secretKeyRef": {"name": item.secret, "key": item.key}}}
            for item in errand.secrets
            if item.secret is not None
        ),
    ]


def _mounts(errand: Errand) -> list[dict[str, Any]]:
    work: dict[str, Any] = {"name": "work", "mountPath": WORK}
    if errand.claim is not None:
        work |= {"subPath": errand.claim[1], "readOnly": True}
    inbox = [{"name": "in", "mountPath": INBOX, "readOnly": True}] if errand.pieces else []
    others = [
        without_empty(
            {"name": volume.name, "mountPath": volume.mount_path, "subPath": volume.sub_path, "readOnly": True}
        )
        for volume in errand.volumes
    ]
    return [work, {"name": "home", "mountPath": HOME}, *inbox, *others]


def _volumes(errand: Errand) -> list[dict[str, Any]]:
    work: dict[str, Any] = {"emptyDir": {}}
    if errand.claim is not None:
        work = {"persistentVolumeClaim": {"claimName": errand.claim[0], "readOnly": True}}
    maps = [{"configMap": {"name": _piece(errand, number)}} for number in range(len(errand.pieces))]
    inbox = [{"name": "in", "projected": {"sources": maps}}] if maps else []
    others = [{"name": volume.name, **volume_source(volume)} for volume in errand.volumes]
    return [{"name": "work", **work}, {"name": "home", "emptyDir": {}}, *inbox, *others]


def _affinity(errand: Errand) -> dict[str, Any]:
    if errand.node is not None:
        fixed = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [errand.node]}]}
        return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [fixed]}}}
    if not errand.beside:
        return {}
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": dict(errand.beside)}}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def _piece(errand: Errand, number: int) -> str:
    return f"{errand.name}-{number}"
