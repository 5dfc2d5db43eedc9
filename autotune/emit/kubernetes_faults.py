"""What the Kubernetes API would refuse. Nothing is ever changed to fit: the writer decides how.

The rules are those of k8s.io/apimachinery/pkg/util/validation and pkg/apis/core/validation.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from autotune.emit.faults import DNS_LABEL, fault
from autotune.emit.labels import LABEL_VALUE, pod_annotations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

#: Volumes that `pod_template` adds itself.
OWN_VOLUMES = ("files", "shm")

_SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED_NAME = re.compile(r"(?:(?P<prefix>[^/]+)/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_SECRET_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")
_VALUE_RULE = "at most 63 letters, digits, -, _ and ., a letter or digit first and last"
_CONFIG_MAP_BYTES = 2**20
_ANNOTATION_BYTES = 256 * 2**10


def find_kubernetes_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    """AT029 for every name, label, path and size that the API server would refuse."""
    if deployment.name[:1].isdigit():
        yield fault(f"the name {deployment.name!r} begins with a digit, which a Service's name may not")
    if not DNS_LABEL.fullmatch(deployment.namespace):
        yield fault(f"{deployment.namespace!r} is not a namespace's name", "deploy.namespace")
    yield from _key_faults("deploy.labels", deployment.labels)
    yield from _key_faults("deploy.node_selector", deployment.node_selector)
    yield from _key_faults("deploy.annotations", deployment.annotations)
    yield from _value_faults("deploy.labels", deployment.labels)
    yield from _value_faults("deploy.node_selector", deployment.node_selector)
    yield from _volume_faults(deployment)
    yield from _secret_faults(deployment)
    if deployment.gpu_vendor != "cpu" and deployment.gpus and not _is_qualified(deployment.gpu_resource):
        yield fault(f"{deployment.gpu_resource!r} is not a resource's name", "system.gpu", "as in nvidia.com/gpu")
    if _size_bytes(deployment.files, keys=False) > _CONFIG_MAP_BYTES:
        yield fault("the config files are larger than the 1 MiB that a ConfigMap holds")
    if _size_bytes(pod_annotations(deployment)) > _ANNOTATION_BYTES:
        yield fault("the annotations are larger than the 256 KiB that an object may have", "deploy.annotations")


def _key_faults(path: str, entries: Mapping[str, str]) -> Iterator[Diagnostic]:
    for key in () if all(map(_is_qualified, entries)) else entries:
        if not _is_qualified(key):
            yield fault(
                f"{key!r} is not a valid key", f"{path}.{key}", f"an optional DNS name and /, then {_VALUE_RULE}"
            )


def _value_faults(path: str, entries: Mapping[str, str]) -> Iterator[Diagnostic]:
    for key, value in () if all(map(_is_label_value, entries.values())) else entries.items():
        if not _is_label_value(value):
            yield fault(f"{value!r} is not a valid label value", f"{path}.{key}", f"use {_VALUE_RULE}")


def _volume_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    names = [*OWN_VOLUMES, *(volume.name for volume in deployment.volumes)]
    for volume in deployment.volumes:
        if not DNS_LABEL.fullmatch(volume.name):
            yield fault(f"the volume name {volume.name!r} is not a DNS label")
        if names.count(volume.name) > 1:
            yield fault(f"two volumes are named {volume.name!r}")
        if volume.pvc is not None and not _SUBDOMAIN.fullmatch(volume.pvc):
            yield fault(f"{volume.pvc!r} is not the name of a PersistentVolumeClaim", "deploy.pvc")
        if ":" in volume.mount_path:
            yield fault(f"the mount path {volume.mount_path!r} holds a colon", "deploy.mount_path")
        if volume.host_path is not None and ".." in volume.host_path.split("/"):
            yield fault(f"the host path {volume.host_path!r} holds ..", "deploy.host_path")
        if volume.mount_path in deployment.files or (volume.mount_path == "/dev/shm" and deployment.shm_bytes):  # noqa: S108
            yield fault(f"two things are to appear at {volume.mount_path!r}", "deploy.mount_path")


def _secret_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    for secret in deployment.secrets:
        if secret.secret is None:
            yield fault(
                f"{secret.env} is to come from a Secret, and none is named",
                "deploy.hf_token_secret",
                f"name the Secret that holds {secret.key}",
            )
        elif not _SUBDOMAIN.fullmatch(secret.secret):
            yield fault(f"{secret.secret!r} is not the name of a Secret", "deploy.hf_token_secret")
        if not _SECRET_KEY.fullmatch(secret.key):
            yield fault(f"{secret.key!r} is not a key of a Secret")


def _size_bytes(entries: Mapping[str, str], *, keys: bool = True) -> int:
    whole = "".join((*entries, *entries.values()) if keys else entries.values())
    return len(whole) if whole.isascii() else len(whole.encode("utf-8", "replace"))


@functools.lru_cache(maxsize=1024)
def _is_label_value(value: str) -> bool:
    return LABEL_VALUE.fullmatch(value) is not None


@functools.lru_cache(maxsize=1024)
def _is_qualified(key: str) -> bool:
    match = _QUALIFIED_NAME.fullmatch(key)
    return match is not None and (match["prefix"] is None or _SUBDOMAIN.fullmatch(match["prefix"]) is not None)
