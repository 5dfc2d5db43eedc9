"""Who counts the servers: a HorizontalPodAutoscaler, or KEDA's ScaledObject, on the engine's own queue.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2
https://keda.sh/docs/latest/reference/scaledobject-spec and https://keda.sh/docs/latest/scalers/prometheus
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.faults import fault
from autotune.emit.pod import object_metadata
from autotune.engines.exposition import EXPOSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

#: The API server takes no longer window.
_LONGEST_S = 3600
#: What Kubernetes waits by itself before it stops a server again.
_SHORTEST_S = 300


def autoscaler(deployment: Deployment, workload: Mapping[str, str], service: str) -> list[dict[str, Any]]:
    """The object that counts the servers, if one is asked for.

    `workload` (apiVersion, kind, name) is what is scaled; `service` the name of the Service that Prometheus finds the
    pods through.
    """
    asked = deployment.autoscaling
    if asked is None:
        return []
    if asked.kind == "keda":
        spec: dict[str, Any] = {
            "scaleTargetRef": dict(workload),
            "minReplicaCount": asked.min_replicas,
            "maxReplicaCount": asked.max_replicas,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": scaling_behavior(deployment)}},
            "triggers": [keda_trigger(deployment, service)],
        }
        return [
            {
                "apiVersion": "keda.sh/v1alpha1",
                "kind": "ScaledObject",
                "metadata": object_metadata(deployment),
                "spec": spec,
            }
        ]
    spec = {
        "scaleTargetRef": dict(workload),
        "minReplicas": asked.min_replicas,
        "maxReplicas": asked.max_replicas,
        "metrics": [
            {
                "type": "Pods",
                "pods": {
                    "metric": {"name": queue_metric(deployment)},
                    "target": {"type": "AverageValue", "averageValue": str(asked.queued_requests)},
                },
            }
        ],
        "behavior": scaling_behavior(deployment),
    }
    return [
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": object_metadata(deployment),
            "spec": spec,
        }
    ]


def keda_trigger(deployment: Deployment, service: str) -> dict[str, Any]:
    """A Prometheus trigger; KEDA divides what the query gives by the number of servers."""
    asked = deployment.autoscaling
    assert asked is not None
    assert asked.prometheus is not None
    return {
        "type": "prometheus",
        "metadata": {
            "serverAddress": asked.prometheus,
            "query": queue_query(deployment, service),
            "threshold": str(asked.queued_requests),
        },
    }


def queue_query(deployment: Deployment, service: str) -> str:
    """PromQL for the requests that wait at all servers, with the labels that a ServiceMonitor gives."""
    return f'sum({queue_metric(deployment)}{{namespace="{deployment.namespace}",service="{service}"}})'


def queue_metric(deployment: Deployment) -> str:
    """The engine's gauge of waiting requests; `find_autoscaling_faults` has made sure of it."""
    metric = EXPOSITIONS[deployment.engine].queue
    assert metric is not None
    return metric


def scaling_behavior(deployment: Deployment) -> dict[str, Any]:
    """Stop no server before it could have paid for its start: as long as the startup probe waits, within the API's bounds."""
    patience_s = deployment.startup.period_s * deployment.startup.failure_threshold
    return {"scaleDown": {"stabilizationWindowSeconds": min(_LONGEST_S, max(_SHORTEST_S, patience_s))}}


def find_autoscaling_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    """AT029 where the engine's queue cannot be seen, or the number of servers is part of what they are told."""
    asked = deployment.autoscaling
    if asked is None:
        return
    exposition = EXPOSITIONS.get(deployment.engine)
    if exposition is None or exposition.queue is None:
        known = " or ".join(name for name, item in EXPOSITIONS.items() if item.queue is not None)
        yield fault(
            f"{deployment.engine} {deployment.engine_version} has no metric that counts the requests waiting",
            "deploy.autoscale.kind",
            f"set deploy.replicas instead, or system.backend={known}",
        )
    if deployment.parts or "autotune/role" in deployment.labels:
        yield fault(
            "the router is told its servers when it starts, so their number cannot change",
            "deploy.autoscale.kind",
            "set disagg.prefill.replicas and disagg.decode.replicas, or system.serving_mode=agg",
        )


def find_resource_only_faults(deployment: Deployment, target: str) -> Iterator[Diagnostic]:
    """AT029 for a HorizontalPodAutoscaler where the target's own one takes CPU and memory only."""
    if deployment.autoscaling is not None and deployment.autoscaling.kind == "hpa":
        yield fault(
            f"the HorizontalPodAutoscaler that {target} makes takes no metric of the engine",
            "deploy.autoscale.kind",
            "set it to keda, or emit to k8s",
        )
