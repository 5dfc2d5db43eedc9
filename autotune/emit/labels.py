"""The labels and annotations of everything emitted: Kubernetes' recommended set, the deployment's own, and its provenance.

https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autotune.engines.provenance import EMITTED, PREFIX, SET_BY, VERSION, spell_emitted

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment

INSTANCE = "app.kubernetes.io/instance"

#: A Kubernetes label value: empty, or up to 63 characters that begin and end with a letter or digit.
LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def label_set(deployment: Deployment) -> dict[str, str]:
    """Every label, sorted by key. The deployment's own win over the recommended ones, save the selector's.

    The version label is left out for versions that no label can hold (`0.32.0+cpu`); the heading names it in full.
    """
    recommended = {
        "app.kubernetes.io/name": deployment.engine,
        "app.kubernetes.io/component": "inference-server",
        "app.kubernetes.io/managed-by": "autotune",
    }
    if LABEL_VALUE.fullmatch(deployment.engine_version):
        recommended["app.kubernetes.io/version"] = deployment.engine_version
    return dict(sorted((recommended | deployment.labels | selector(deployment)).items()))


def selector(deployment: Deployment) -> dict[str, str]:
    """The labels by which a Service finds its pods: the part of `label_set` that never changes for one name."""
    return {INSTANCE: deployment.name}


def object_annotations(deployment: Deployment) -> dict[str, str]:
    """The annotations of an object that is no pod, sorted by key: everything but what concerns single flags."""
    return {key: value for key, value in sorted(deployment.annotations.items()) if key not in (SET_BY, EMITTED)}


def pod_annotations(deployment: Deployment) -> dict[str, str]:
    """The annotations of the server itself, sorted by key, with who set what and checksums of what is emitted.

    The tool's version is not among them: a newer autotune that emits the same server must not restart it.
    """
    emitted = spell_emitted(deployment.argv, deployment.env, deployment.files, deployment.image)
    notes = deployment.annotations | {EMITTED: emitted}
    return {key: value for key, value in sorted(notes.items()) if key != VERSION}


def container_labels(deployment: Deployment) -> dict[str, str]:
    """For engines that know labels only and take any text in them: the labels, and the provenance beside them."""
    notes = {key: value for key, value in pod_annotations(deployment).items() if key.startswith(PREFIX)}
    return dict(sorted((notes | label_set(deployment)).items()))
