"""The labels and annotations of everything emitted: Kubernetes' recommended set, the deployment's own, and its provenance.

https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from autotune.emit.latest import of_latest
from autotune.emit.shared import SharedMap
from autotune.engines.deployment import INSTANCE
from autotune.engines.provenance import EMITTED, PREFIX, SET_BY, VERSION, spell_emitted

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment

#: Servers whose labels and annotations are kept: each stands in several objects, files and headings of its server.
_SERVERS = 16

#: A Kubernetes label value: empty, or up to 63 characters that begin and end with a letter or digit.
LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


@of_latest
def label_set(deployment: Deployment) -> SharedMap[str]:
    """Every label, sorted by key. The deployment's own win over the recommended ones, save the selector's.

    The version label is left out for versions that no label can hold (`0.32.0+cpu`); the heading names it in full.
    """
    own = tuple(deployment.labels.items())
    return _label_set(deployment.name, deployment.engine, deployment.engine_version, own)


@functools.lru_cache(maxsize=_SERVERS)
def _label_set(name: str, engine: str, version: str, own: tuple[tuple[str, str], ...]) -> SharedMap[str]:
    recommended = {
        "app.kubernetes.io/name": engine,
        "app.kubernetes.io/component": "inference-server",
        "app.kubernetes.io/managed-by": "autotune",
    }
    if LABEL_VALUE.fullmatch(version):
        recommended["app.kubernetes.io/version"] = version
    return SharedMap(sorted((recommended | dict(own) | _selector(name)).items()))


def selector(deployment: Deployment) -> SharedMap[str]:
    """The labels by which a Service finds its pods: the part of `label_set` that never changes for one name."""
    return _selector(deployment.name)


@functools.lru_cache(maxsize=_SERVERS)
def _selector(name: str) -> SharedMap[str]:
    return SharedMap({INSTANCE: name})


@of_latest
def object_annotations(deployment: Deployment) -> SharedMap[str]:
    """The annotations of an object that is no pod, sorted by key: everything but what concerns single flags."""
    return _object_annotations(tuple(deployment.annotations.items()))


@functools.lru_cache(maxsize=_SERVERS)
def _object_annotations(entries: tuple[tuple[str, str], ...]) -> SharedMap[str]:
    return SharedMap((key, value) for key, value in sorted(entries) if key not in (SET_BY, EMITTED))


@of_latest
def pod_annotations(deployment: Deployment) -> SharedMap[str]:
    """The annotations of the server itself, sorted by key, with who set what and checksums of what is emitted.

    The tool's version is not among them: a newer autotune that emits the same server must not restart it.
    """
    emitted = spell_emitted(deployment.argv, deployment.env, deployment.files, deployment.image)
    return _pod_annotations(tuple(deployment.annotations.items()), emitted)


@functools.lru_cache(maxsize=_SERVERS)
def _pod_annotations(entries: tuple[tuple[str, str], ...], emitted: str) -> SharedMap[str]:
    notes = dict(entries) | {EMITTED: emitted}
    return SharedMap((key, value) for key, value in sorted(notes.items()) if key != VERSION)


def container_labels(deployment: Deployment) -> dict[str, str]:
    """For engines that know labels only and take any text in them: the labels, and the provenance beside them."""
    notes = {key: value for key, value in pod_annotations(deployment).items() if key.startswith(PREFIX)}
    return dict(sorted((notes | label_set(deployment)).items()))
