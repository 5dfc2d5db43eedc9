"""KServe: a ServingRuntime that says how the server is started, and an InferenceService that starts it.

https://kserve.github.io/website/docs/reference/crd-api
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.autoscaling import (
    find_autoscaling_faults,
    find_resource_only_faults,
    keda_trigger,
    scaling_behavior,
)
from autotune.emit.disruption import disruption_budget
from autotune.emit.faults import fault, find_faults, find_node_faults, refuse
from autotune.emit.go_templates import escape_templates
from autotune.emit.heading import heading
from autotune.emit.k8s import config_map
from autotune.emit.kubernetes_faults import find_kubernetes_faults
from autotune.emit.labels import pod_annotations
from autotune.emit.manifest import dump_documents
from autotune.emit.monitoring import find_metric_faults, service_monitor
from autotune.emit.pod import object_metadata, pod_template, without_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

#: Longest name: KServe adds this, and that is a Service's name.
_SUFFIX = "-predictor"
_NAME_LENGTH = 63 - len(_SUFFIX)
#: Where a container says nothing, KServe sets limits of 1 CPU and 2 GiB, in which no model loads. These never bind; what
#: is requested is what KServe requests by itself.
_UNLIMITED = {"cpu": "1k", "memory": "16Ti"}
_REQUESTED = {"cpu": "1", "memory": "2Gi"}
#: Fields of the pod that a runtime has; the rest stands in the InferenceService.
_RUNTIME_FIELDS = ("nodeSelector", "tolerations", "volumes")


class KServeEmitter:
    """`kserve.yaml`: ConfigMap (if there are files), ServingRuntime (v1alpha1), InferenceService (v1beta1), and what was
    asked for of PodDisruptionBudget and ServiceMonitor; KServe makes the autoscaler's object itself.
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        refuse(
            find_faults(deployment),
            find_node_faults(deployment),
            find_kubernetes_faults(deployment),
            find_autoscaling_faults(deployment),
            find_resource_only_faults(deployment, "KServe"),
            find_metric_faults(deployment),
            _find_own_faults(deployment),
        )
        pod = pod_template(deployment)["spec"]
        (container,) = pod.pop("containers")
        # KServe puts them on the pods and on the Service (`Predictor.buildObjectMeta`).
        labels = {"serving.kserve.io/inferenceservice": deployment.name, "component": "predictor"}
        documents = [
            _runtime(deployment, pod, container),
            _service(deployment, pod, container),
            *disruption_budget(deployment, labels),
            *service_monitor(deployment, labels),
        ]
        return {"kserve.yaml": dump_documents([*config_map(deployment), *documents], heading(deployment))}


def _runtime(deployment: Deployment, pod: dict[str, Any], container: dict[str, Any]) -> dict[str, Any]:
    started = {key: value for key, value in container.items() if key != "resources"}
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": object_metadata(deployment),
        "spec": {
            "annotations": pod_annotations(deployment),
            # Never chosen for other InferenceServices: autoSelect is off unless asked for.
            "supportedModelFormats": [{"name": deployment.engine}],
            # KServe knows the server by this name.
            "containers": [escape_templates({**started, "name": "kserve-container"})],
            **{key: pod[key] for key in _RUNTIME_FIELDS if key in pod},
        },
    }


def _service(deployment: Deployment, pod: dict[str, Any], container: dict[str, Any]) -> dict[str, Any]:
    metadata = object_metadata(deployment)
    scaling = deployment.autoscaling
    # A Deployment rather than a Knative revision, which may have neither host folders nor claims.
    mode = {"serving.kserve.io/deploymentMode": "RawDeployment"}
    counted = {"serving.kserve.io/autoscalerClass": "keda"} if scaling is not None else {}
    metadata["annotations"] = dict(sorted((metadata.get("annotations", {}) | mode | counted).items()))
    devices = container.get("resources", {})
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": metadata,
        "spec": {
            "predictor": without_empty({
                "minReplicas": deployment.replicas if scaling is None else scaling.min_replicas,
                "maxReplicas": deployment.replicas if scaling is None else scaling.max_replicas,
                "autoScaling": _scaling(deployment),
                "deploymentStrategy": {"type": "Recreate"},
                **{key: value for key, value in pod.items() if key not in _RUNTIME_FIELDS},
                "model": {
                    "modelFormat": {"name": deployment.engine},
                    "runtime": deployment.name,
                    # Limits that stand in the runtime alone lose against KServe's own defaults.
                    "resources": {
                        "requests": _REQUESTED | devices.get("requests", {}),
                        "limits": _UNLIMITED | devices.get("limits", {}),
                    },
                },
            })
        },
    }  # fmt: skip


def _scaling(deployment: Deployment) -> dict[str, Any]:
    """What KServe makes KEDA's ScaledObject of.

    The target's `value` is read, and becomes the threshold of a trigger, by which KEDA divides: it is an average all the
    same (pkg/controller/v1beta1/inferenceservice/reconcilers/keda).
    """
    asked = deployment.autoscaling
    if asked is None:
        return {}
    trigger = keda_trigger(deployment, f"{deployment.name}{_SUFFIX}")["metadata"]
    return {
        "metrics": [
            {
                "type": "External",
                "external": {
                    "metric": {
                        "backend": "prometheus",
                        "serverAddress": trigger["serverAddress"],
                        "query": trigger["query"],
                    },
                    "target": {"type": "Value", "value": trigger["threshold"]},
                },
            }
        ],
        "behavior": scaling_behavior(deployment),
    }


def _find_own_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    if len(deployment.name) > _NAME_LENGTH:
        yield fault(f"the name {deployment.name!r} is longer than the {_NAME_LENGTH} characters that KServe takes")
    if deployment.replicas < 1:
        yield fault("KServe starts one replica at least", "deploy.replicas", "ask for 1, or do not apply the file")
