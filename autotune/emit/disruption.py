"""PodDisruptionBudget: how many of the server's pods a drain may take down at once.

https://kubernetes.io/docs/tasks/run-application/configure-pdb
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.pod import object_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.deployment import Deployment


def disruption_budget(deployment: Deployment, pod_labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """The budget of the pods with `pod_labels`, if one is asked for.

    `maxUnavailable` and not `minAvailable`, so that it holds for whatever number of servers an autoscaler chooses. Pods
    that are not ready may always go: one that never gets there must not hold up a drain.
    """
    if deployment.disruption_budget is None:
        return []
    return [
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": object_metadata(deployment),
            "spec": {
                "maxUnavailable": deployment.disruption_budget,
                "selector": {"matchLabels": dict(pod_labels)},
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
            },
        }
    ]
