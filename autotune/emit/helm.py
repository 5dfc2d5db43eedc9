"""Helm: a chart whose values are the documents of `k8s.yaml`, so that every field can be set at installation.

https://helm.sh/docs/topics/charts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
_NAMES = ("configmap", "deployment", "service")


class HelmEmitter:
    """`helm/Chart.yaml`, `helm/values.yaml` and `helm/templates/*.yaml`, the latter the same for every server."""

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        values = {document["kind"].lower(): document for document in kubernetes_documents(deployment)}
        refuse(find_reprint_faults(values))
        chart = {
            "apiVersion": "v2",
            "name": deployment.name,
            "description": f"{deployment.engine} for {deployment.served_name}",
            "type": "application",
            # Of the templates, which Helm asks for; the server's own version is its name.
            "version": "1.0.0",
            "appVersion": deployment.engine_version,
        }
        lines = heading(deployment)
        return {
            "helm/Chart.yaml": dump_documents([chart], lines),
            "helm/values.yaml": dump_documents([values], lines),
            **{f"helm/templates/{name}.yaml": _TEMPLATE.format(name=name) for name in _NAMES},
        }
