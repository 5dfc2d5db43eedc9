"""Plain Kubernetes: a ConfigMap for files, a Deployment, a Service and what keeps them running, in one file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from autotune.emit.autoscaling import autoscaler, find_autoscaling_faults
from autotune.emit.config_files import config_files
from autotune.emit.disruption import disruption_budget
from autotune.emit.faults import find_faults, find_node_faults, refuse
from autotune.emit.frame import dump_server
from autotune.emit.heading import heading
from autotune.emit.kubernetes_faults import find_kubernetes_faults
from autotune.emit.labels import selector
from autotune.emit.monitoring import find_metric_faults, service_monitor
from autotune.emit.pod import files_name, object_metadata, pod_template
from autotune.emit.shared import SharedList, SharedMap

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment

#: Seconds for pulling an image, on top of what the startup probe allows for loading the model.
_PULL_S = 1800
#: A rolling update would need the GPUs of both pods at once.
_RECREATE = SharedMap({"type": "Recreate"})


class KubernetesEmitter:
    """`k8s.yaml` for `kubectl apply`: the documents of `kubernetes_documents`, in their order.

    Claims and Secrets are referenced, never created.
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        _refuse_faults(deployment)
        return {"k8s.yaml": dump_server(deployment, _documents, heading(deployment))}


def kubernetes_documents(deployment: Deployment) -> list[dict[str, Any]]:
    """ConfigMap (if there are files), Deployment, Service; then what was asked for of PodDisruptionBudget, autoscaler and
    ServiceMonitor.

    Raises InputError (AT029) where they cannot hold the deployment.
    """
    _refuse_faults(deployment)
    return _documents(deployment)


def _refuse_faults(deployment: Deployment) -> None:
    refuse(
        find_faults(deployment),
        find_node_faults(deployment),
        find_kubernetes_faults(deployment),
        find_autoscaling_faults(deployment),
        find_metric_faults(deployment),
    )


def _documents(deployment: Deployment) -> list[dict[str, Any]]:
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment.name}
    return [
        *config_map(deployment),
        _workload(deployment),
        _service(deployment),
        *disruption_budget(deployment, selector(deployment)),
        *autoscaler(deployment, workload, service=deployment.name),
        *service_monitor(deployment, selector(deployment)),
    ]


def fixed_replicas(deployment: Deployment) -> dict[str, int]:
    """`replicas`, where nobody else counts: said beside an autoscaler, it would be set back at every apply."""
    return {} if deployment.autoscaling is not None else {"replicas": deployment.replicas}


def config_map(deployment: Deployment) -> list[dict[str, Any]]:
    """The ConfigMap with the deployment's files, if there are any; `pod_template` mounts it."""
    if not deployment.files:
        return []
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": object_metadata(deployment, files_name(deployment)),
            "data": {file.key: file.text for file in config_files(deployment)},
        }
    ]


def _workload(deployment: Deployment) -> dict[str, Any]:
    startup = deployment.startup
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": object_metadata(deployment),
        "spec": {
            **fixed_replicas(deployment),
            "strategy": _RECREATE,
            # The default of 600 s calls the roll-out failed while a large model is still loading.
            "progressDeadlineSeconds": _PULL_S + startup.period_s * startup.failure_threshold,
            "selector": {"matchLabels": selector(deployment)},
            "template": pod_template(deployment),
        },
    }


def _service(deployment: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_metadata(deployment),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(deployment),
            "ports": _service_ports(deployment.port, tuple(deployment.ports.items())),
        },
    }


@functools.lru_cache(maxsize=256)
def _service_ports(port: int, others: tuple[tuple[str, int], ...]) -> SharedList[dict[str, Any]]:
    return SharedList(
        {"name": name, "port": number, "targetPort": name, "protocol": "TCP"}
        for name, number in {"http": port, **dict(others)}.items()
    )
