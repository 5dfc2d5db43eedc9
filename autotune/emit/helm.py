"""Helm: a chart whose values are the documents of `k8s.yaml`, so that every field can be set at installation.

https://helm.sh/docs/topics/charts
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.faults import refuse
from autotune.emit.heading import heading
from autotune.emit.k8s import kubernetes_documents
from autotune.emit.manifest import dump_documents
from autotune.emit.reprinted import find_reprint_faults

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment

#: Prints one of the values as it is, or nothing where it is not given. Nothing of a server stands in a template, because
#: whatever stands there is run.
_TEMPLATE = """\
{{{{- with .Values.{name} }}}}
{{{{ toYaml . }}}}
{{{{- end }}}}
"""
#: The same for the Deployment, whose one container is a value of its own: Helm merges maps, and replaces lists whole.
_DEPLOYMENT = """\
{{- $_ := required "choose a server: -f values-SERVER.yaml" .Values.deployment.metadata.name }}
{{- $deployment := deepCopy .Values.deployment }}
{{- $_ = set $deployment.spec.template.spec "containers" (list .Values.container) }}
{{ toYaml $deployment }}
"""
_NAMES = ("configmap", "service", "poddisruptionbudget", "horizontalpodautoscaler", "scaledobject", "servicemonitor")

#: The same for every server and every sweep, so that the values of one go with the chart of another.
TEMPLATES = {
    "helm/templates/deployment.yaml": _DEPLOYMENT,
    **{f"helm/templates/{name}.yaml": _TEMPLATE.format(name=name) for name in _NAMES},
}


class HelmEmitter:
    """`helm/Chart.yaml`, `helm/values.yaml` and `helm/templates/*.yaml`, the latter the same for every server."""

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        values = chart_values(deployment)
        refuse(find_reprint_faults(values))
        chart = chart_metadata(
            deployment.name, f"{deployment.engine} for {deployment.served_name}", deployment.engine_version
        )
        lines = heading(deployment)
        return {
            "helm/Chart.yaml": dump_documents([chart], lines),
            "helm/values.yaml": dump_documents([values], lines),
            **TEMPLATES,
        }


def chart_values(deployment: Deployment) -> dict[str, Any]:
    """The documents of `k8s.yaml` by kind, in lower case, and the Deployment's container beside it."""
    values: dict[str, Any] = {}
    for document in kubernetes_documents(deployment):
        kind = document["kind"].lower()
        if kind == "deployment":
            (values["container"],) = document["spec"]["template"]["spec"].pop("containers")
        values[kind] = document
    return values


def chart_metadata(name: str, description: str, app_version: str | None) -> dict[str, Any]:
    """`Chart.yaml`. The version is that of the templates, which Helm asks for; a server's own is its name."""
    version = {} if app_version is None else {"appVersion": app_version}
    return {
        "apiVersion": "v2",
        "name": name,
        "description": description,
        "type": "application",
        "version": "2.0.0",
        **version,
    }
