"""OME: a ClusterServingRuntime that says how the server is started, and an InferenceService that starts it.

https://docs.sglang.io/ome
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.faults import fault, find_faults, find_node_faults, refuse
from autotune.emit.go_templates import escape_templates
from autotune.emit.heading import heading
from autotune.emit.k8s import config_map
from autotune.emit.kubernetes_faults import find_kubernetes_faults
from autotune.emit.labels import pod_annotations
from autotune.emit.manifest import dump_documents
from autotune.emit.monitoring import find_metric_faults, service_monitor
from autotune.emit.ome_benchmark import (
    REMARK,
    benchmark_documents,
    benchmark_loads,
    find_benchmark_faults,
)
from autotune.emit.ome_model import FORMAT, find_model, find_model_faults, model_documents
from autotune.emit.pod import object_metadata, pod_template, without_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

#: Longest name: OME adds `-engine`, and that is a Service's name.
_NAME_LENGTH = 63 - len("-engine")


class OmeEmitter:
    """`ome.yaml`: ConfigMap (if there are files), ClusterServingRuntime, InferenceService, and a ServiceMonitor if asked for.

    Beside it `ome-model.yaml`, a ClusterBaseModel, and `ome-benchmark.yaml`, the BenchmarkJobs of the loads that name a
    place for their results. Only then does the InferenceService name the model, and need it; otherwise the engine loads
    the model as its command says, which OME allows since 1.3 (https://github.com/ome-projects/ome/pull/717).
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        refuse(
            find_faults(deployment),
            find_node_faults(deployment),
            find_kubernetes_faults(deployment),
            find_metric_faults(deployment),
            _find_own_faults(deployment),
            find_model_faults(deployment),
            find_benchmark_faults(deployment),
        )
        lines = heading(deployment)
        # OME puts them on the engine's Service, whose ports have the names of the container's.
        labels = {"ome.io/inferenceservice": deployment.name, "component": "engine"}
        documents = [
            *config_map(deployment),
            _runtime(deployment),
            _service(deployment),
            *service_monitor(deployment, labels),
        ]
        files = {"ome.yaml": dump_documents(documents, lines)}
        if model := model_documents(deployment):
            files["ome-model.yaml"] = dump_documents(model, lines)
        if jobs := benchmark_documents(deployment):
            files["ome-benchmark.yaml"] = dump_documents(jobs, [*lines, REMARK])
        return files


def _runtime(deployment: Deployment) -> dict[str, Any]:
    metadata = object_metadata(deployment)
    del metadata["namespace"]
    pod = pod_template(deployment)["spec"]
    (container,) = pod.pop("containers")
    return {
        "apiVersion": "ome.io/v1beta1",
        "kind": "ClusterServingRuntime",
        "metadata": metadata,
        "spec": {
            # Without model formats, or with none that is selected by itself, it is chosen for no other InferenceService.
            **({"supportedModelFormats": [{**FORMAT, "autoSelect": False}]} if _model(deployment) else {}),
            "protocolVersions": ["openAI"],
            "engineConfig": {
                "annotations": pod_annotations(deployment),
                "deploymentStrategy": {"type": "Recreate"},
                **pod,
                # OME knows the server by this name.
                "runner": escape_templates({**container, "name": "ome-container"}),
            },
        },
    }


def _service(deployment: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": "ome.io/v1beta1",
        "kind": "InferenceService",
        "metadata": object_metadata(deployment),
        "spec": {
            **_model(deployment),
            "runtime": {"name": deployment.name, "kind": "ClusterServingRuntime"},
            "engine": without_empty({
                "minReplicas": deployment.replicas,
                "maxReplicas": deployment.replicas,
                # OME always makes a budget, of one pod unless told otherwise; two budgets for one pod stop every eviction.
                "maxUnavailable": deployment.disruption_budget,
            }),
        },
    }  # fmt: skip


def _model(deployment: Deployment) -> dict[str, Any]:
    """The model that a BenchmarkJob asks the InferenceService for; its pods then wait for nodes that have it."""
    model = find_model(deployment) if benchmark_loads(deployment) else None
    return {} if model is None else {"model": {"name": model.name, "kind": "ClusterBaseModel"}}


def _find_own_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    if len(deployment.name) > _NAME_LENGTH:
        yield fault(f"the name {deployment.name!r} is longer than the {_NAME_LENGTH} characters that OME takes")
    if deployment.replicas < 1:
        yield fault("OME starts one replica at least", "deploy.replicas", "ask for 1, or do not apply the file")
    if deployment.autoscaling is not None:
        yield fault(
            "OME's fields for KEDA changed between its releases, and what they make of a query with them",
            "deploy.autoscale.kind",
            "set deploy.replicas, or emit to k8s or kserve",
        )
