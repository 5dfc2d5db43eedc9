"""Kustomize: the documents of `k8s.yaml` as a base, one file for each, that overlays of one's own build on.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.faults import refuse
from autotune.emit.heading import heading
from autotune.emit.k8s import kubernetes_documents
from autotune.emit.manifest import dump_documents
from autotune.emit.reprinted import find_reprint_faults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.engines.deployment import Deployment

_FOLDER = "kustomize/base"


class KustomizeEmitter:
    """`kustomize/base/kustomization.yaml` and beside it a file for each document of `k8s.yaml`, named after its kind."""

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        lines = heading(deployment)
        resources = named_resources(kubernetes_documents(deployment))
        refuse(find_reprint_faults(resources))
        base = kustomization(resources=list(resources))
        return {f"{_FOLDER}/kustomization.yaml": dump_documents([base], lines)} | {
            f"{_FOLDER}/{name}": dump_documents([document], lines) for name, document in resources.items()
        }


def named_resources(documents: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each document by its file: a server has one of a kind at most."""
    return {f"{document['kind'].lower()}.yaml": document for document in documents}


def kustomization(**fields: Any) -> dict[str, Any]:
    """A kustomization.yaml with these fields."""
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **fields}
