"""KServe's LLMInferenceService (v1alpha2): the server as KServe's newer API for language models takes it.

https://kserve.github.io/website/docs/model-serving/generative-inference/llmisvc/llmisvc-overview
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

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
from autotune.emit.k8s import config_map, fixed_replicas
from autotune.emit.kubernetes_faults import find_kubernetes_faults
from autotune.emit.labels import label_set, pod_annotations
from autotune.emit.manifest import dump_documents
from autotune.emit.monitoring import find_metric_faults, service_monitor
from autotune.emit.pod import escape_references, object_metadata, pod_template, without_empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

#: The port of the Service that KServe makes for the server; it cannot be set.
_PORT = 8000
_SERVICE_SUFFIX = "-kserve-workload-svc"
#: Volumes of KServe's preset `kserve-config-llm-template`, which it merges with those given, by name.
_PRESET_VOLUMES = frozenset({"dshm", "home", "model-cache", "tls-certs"})


class KServeLlmEmitter:
    """`kserve-llm.yaml`: ConfigMap (if there are files), LLMInferenceService, and what was asked for of PodDisruptionBudget
    and ServiceMonitor; KServe makes the autoscaler's object itself.
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        refuse(
            find_faults(deployment),
            find_node_faults(deployment),
            find_kubernetes_faults(deployment),
            find_autoscaling_faults(deployment),
            find_resource_only_faults(deployment, "an LLMInferenceService"),
            find_metric_faults(deployment),
            _find_own_faults(deployment),
        )
        # KServe's own labels, by which its Service finds the pods (pkg/controller/v1alpha2/llmisvc/workload.go).
        labels = {"app.kubernetes.io/part-of": "llminferenceservice", "app.kubernetes.io/name": deployment.name}
        documents = [
            *config_map(deployment),
            _service(deployment),
            *disruption_budget(deployment, {**labels, "kserve.io/component": "workload"}),
            # The Service's port is called https where the cluster's KServe has TLS on, and http elsewhere.
            *service_monitor(
                deployment, {**labels, "app.kubernetes.io/component": "llminferenceservice-workload"}, by_number=True
            ),
        ]
        return {"kserve-llm.yaml": dump_documents(documents, heading(deployment))}


def _service(deployment: Deployment) -> dict[str, Any]:
    spec = {
        "model": {"uri": _model_uri(deployment), "name": deployment.served_name},
        # The engine fetches the model itself, or finds it in its volume.
        "storageInitializer": {"enabled": False},
        **fixed_replicas(deployment),
        "scaling": _scaling(deployment),
        # KServe selects its pods by labels of the app.kubernetes.io family.
        "labels": {key: value for key, value in label_set(deployment).items() if "app.kubernetes.io/" not in key},
        "annotations": pod_annotations(replace(deployment, env=deployment.env | _hub_cache(deployment))),
        "template": _template(deployment),
    }
    return {
        "apiVersion": "serving.kserve.io/v1alpha2",
        "kind": "LLMInferenceService",
        "metadata": object_metadata(deployment),
        "spec": escape_templates(without_empty(spec)),
    }


def _scaling(deployment: Deployment) -> dict[str, Any]:
    """Bounds and KEDA's trigger; KServe refuses them beside `replicas`."""
    asked = deployment.autoscaling
    if asked is None:
        return {}
    return {
        "minReplicas": asked.min_replicas,
        "maxReplicas": asked.max_replicas,
        "keda": {
            "triggers": [keda_trigger(deployment, f"{deployment.name}{_SERVICE_SUFFIX}")],
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": scaling_behavior(deployment)}},
        },
    }


def _template(deployment: Deployment) -> dict[str, Any]:
    """The pod, with everything said that KServe's preset would otherwise add beneath."""
    pod: dict[str, Any] = pod_template(deployment)["spec"]
    (container,) = pod["containers"]
    container = container | {"name": "main"}
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container[name]
        container[name] = {**probe, "httpGet": {**probe["httpGet"], "scheme": "HTTP"}}
    container["securityContext"] = {
        **container["securityContext"],
        "readOnlyRootFilesystem": False,
        "runAsNonRoot": False,
    }
    added = [{"name": name, "value": escape_references(value)} for name, value in _hub_cache(deployment).items()]
    if added:
        container["env"] = [*container["env"], *added]
    return {**pod, "containers": [container]}


def _hub_cache(deployment: Deployment) -> dict[str, str]:
    """The preset's HF_HUB_CACHE would win over HF_HOME, and the model be fetched past the volume."""
    if "HF_HOME" not in deployment.env or "HF_HUB_CACHE" in deployment.env:
        return {}
    return {"HF_HUB_CACHE": posixpath.join(deployment.env["HF_HOME"], "hub")}


def _model_uri(deployment: Deployment) -> str:
    """Where the model comes from, for people and tools that read the object; nothing is fetched from it."""
    if not deployment.model.startswith(("/", ".")):
        return f"hf://{quote(deployment.model)}"
    for volume in deployment.volumes:
        inside = deployment.model.removeprefix(volume.mount_path.rstrip("/") + "/")
        if volume.pvc is not None and inside != deployment.model:
            return f"pvc://{volume.pvc}/{quote(posixpath.join(volume.sub_path or '', inside))}"
    return f"file://{quote(posixpath.join('/', deployment.model))}"


def _find_own_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    if deployment.port != _PORT:
        yield fault(
            f"an LLMInferenceService is reached at port {_PORT}, not {deployment.port}",
            "deploy.port",
            f"set deploy.port={_PORT}, or emit to kserve",
        )
    if not all(deployment.argv) or len(deployment.argv) == 1:
        yield fault("an LLMInferenceService loses empty arguments", "misc.extra_args", "drop them, or emit to kserve")
    for key, text in deployment.annotations.items():
        if "{{" in text:
            yield fault(
                f"the annotation {key!r} holds '{{{{', which an LLMInferenceService takes for a template",
                f"deploy.annotations.{key}",
                "emit to kserve",
            )
    for volume in deployment.volumes:
        if volume.name in _PRESET_VOLUMES:
            yield fault(f"KServe has a volume named {volume.name!r} of its own")
