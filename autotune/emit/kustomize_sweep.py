"""Kustomize for a sweep: one base of what its servers share, and one overlay that makes each server of it.

Patches are strategic merges that only add: whatever differs is missing from the base. An overlay says the namespace in
its kustomization where servers differ in it, because a patch cannot.
https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.faults import refuse
from autotune.emit.heading import heading
from autotune.emit.k8s import kubernetes_documents
from autotune.emit.kustomize import kustomization, named_resources
from autotune.emit.manifest import dump_documents
from autotune.emit.reprinted import find_reprint_faults
from autotune.emit.sweep import common_name, split, sweep_heading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

_BASE = "kustomize/base"
_OVERLAYS = "kustomize/overlays"


class KustomizeSweep:
    """`kustomize/base/*.yaml`, and `kustomize/overlays/<server>/` with a kustomization and a patch for each resource.

    Resources that not every server has (the ConfigMap of an engine with config files) stand in the overlays as they are.
    """

    def emit_sweep(self, deployments: Sequence[Deployment]) -> dict[str, str]:
        """See `SweepEmitter.emit_sweep`."""
        points = [named_resources(kubernetes_documents(deployment)) for deployment in deployments]
        refuse(_find_faults(points))
        everywhere = [file for file in points[0] if all(file in point for point in points)]
        laid = {file: _lay(deployments, [point[file] for point in points]) for file in everywhere}
        lines = sweep_heading(deployments)
        files = {f"{_BASE}/kustomization.yaml": dump_documents([kustomization(resources=everywhere)], lines)}
        files |= {f"{_BASE}/{file}": dump_documents([base], lines) for file, (base, _) in laid.items()}
        one_namespace = len({deployment.namespace for deployment in deployments}) == 1
        for number, (deployment, point) in enumerate(zip(deployments, points, strict=True)):
            patches = {file: patched[number] for file, (_, patched) in laid.items()}
            own = {file: document for file, document in point.items() if file not in laid}
            overlay = kustomization(
                **({} if one_namespace else {"namespace": deployment.namespace}),
                resources=["../../base", *own],
                patches=[_patch(file, laid[file][0]) for file in patches],
            )
            folder, lines = f"{_OVERLAYS}/{deployment.name}", heading(deployment)
            files[f"{folder}/kustomization.yaml"] = dump_documents([overlay], lines)
            files |= {
                f"{folder}/{file}": dump_documents([document], lines) for file, document in (patches | own).items()
            }
        return files


def _lay(
    deployments: Sequence[Deployment], documents: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the resource as the servers share it, under a name of its own, and the patch of each)."""
    shared, own = split([_keyed(document) for document in documents])
    suffix = documents[0]["metadata"]["name"].removeprefix(deployments[0].name)
    base = _named(shared, documents[0], f"{common_name(deployments)}{suffix}")
    patches = [
        _named(rest, document, document["metadata"]["name"]) for rest, document in zip(own, documents, strict=True)
    ]
    for patch in patches:
        patch["metadata"].pop("namespace", None)
    return base, patches


def _keyed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its containers by name, as a strategic merge finds them, and without its own, which `_named` adds."""
    metadata = {key: value for key, value in document["metadata"].items() if key != "name"}
    plain = {**document, "metadata": metadata}
    if document["kind"] == "Deployment":
        template = document["spec"]["template"]
        containers = {item["name"]: item for item in template["spec"]["containers"]}
        pod = {**template["spec"], "containers": containers}
        plain["spec"] = {**document["spec"], "template": {**template, "spec": pod}}
    return plain


def _named(part: Mapping[str, Any], document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The part of a document as a resource or a patch: with what says which one it is, and its containers as a list."""
    named = {"apiVersion": document["apiVersion"], "kind": document["kind"], **part}
    named["metadata"] = {"name": name, **part.get("metadata", {})}
    pod = part.get("spec", {}).get("template", {}).get("spec", {}) if document["kind"] == "Deployment" else {}
    if "containers" in pod:
        containers = [{"name": key, **item} for key, item in pod["containers"].items()]
        template = {**part["spec"]["template"], "spec": {**pod, "containers": containers}}
        named["spec"] = {**part["spec"], "template": template}
    return named


def _patch(file: str, base: Mapping[str, Any]) -> dict[str, Any]:
    target = {"kind": base["kind"], "name": base["metadata"]["name"]}
    return {"path": file, "target": target, "options": {"allowNameChange": True}}


def _find_faults(points: Sequence[Mapping[str, Any]]) -> Iterator[Diagnostic]:
    for point in points:
        yield from find_reprint_faults(point)
