"""The labels of everything emitted: Kubernetes' recommended set, and the deployment's own.

https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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
