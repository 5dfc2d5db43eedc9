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
from autotune.emit.pod import object_metadata, pod_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

#: Longest name: OME adds `-engine`, and that is a Service's name.
_NAME_LENGTH = 63 - len("-engine")


class OmeEmitter:
    """`ome.yaml`: ConfigMap (if there are files), ClusterServingRuntime, InferenceService.

    Without a ClusterBaseModel, which OME does without since 1.3: the engine loads the model as its command says.
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        refuse(
            find_faults(deployment),
            find_node_faults(deployment),
            find_kubernetes_faults(deployment),
            _find_own_faults(deployment),
        )
        documents = [*config_map(deployment), _runtime(deployment), _service(deployment)]
        return {"ome.yaml": dump_documents(documents, heading(deployment))}


def _runtime(deployment: Deployment) -> dict[str, Any]:
    metadata = object_metadata(deployment)
    del metadata["namespace"]
    pod = pod_template(deployment)["spec"]
    (container,) = pod.pop("containers")
    return {
        "apiVersion": "ome.io/v1beta1",
        "kind": "ClusterServingRuntime",
        "metadata": metadata,
        # Without model formats it is never chosen for other InferenceServices.
        "spec": {
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
            "runtime": {"name": deployment.name, "kind": "ClusterServingRuntime"},
            "engine": {"minReplicas": deployment.replicas, "maxReplicas": deployment.replicas},
        },
    }


def _find_own_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    if len(deployment.name) > _NAME_LENGTH:
        yield fault(f"the name {deployment.name!r} is longer than the {_NAME_LENGTH} characters that OME takes")
    if deployment.replicas < 1:
        yield fault("OME starts one replica at least", "deploy.replicas", "ask for 1, or do not apply the file")
