"""Servers in manifests: whatever object holds a pod, Compose files, and what `kubectl get` and `docker inspect` print."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import InputError
from autotune.emit.go_templates import unescape_templates
from autotune.engines.provenance import PREFIX
from autotune.importing.compose_file import is_compose, read_compose
from autotune.importing.container import (
    choose_container,
    maps,
    read_command,
    read_environment,
    read_files,
    read_gpus,
    read_volumes,
    text_map,
    text_or_none,
)
from autotune.importing.found_server import FoundServer
from autotune.importing.inspected import is_inspected, read_inspected
from autotune.importing.launch import engine_of_image, find_launch, find_script
from autotune.importing.sizes import read_kubernetes_size
from autotune.layers import parse_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Pods of a server's further nodes: they run what the first one runs.
_WORKERS = frozenset({"workerTemplate", "worker", "workerSpec", "workers"})
#: Kinds whose containers a controller runs through Go templates.
_TEMPLATED = frozenset({"ServingRuntime", "ClusterServingRuntime", "LLMInferenceService"})
_HELM = re.compile(r"\{\{-?\s*(?:\.|/\*|if|with|range|end|else|include|template|define|toYaml|\$)")


@dataclass(frozen=True, slots=True)
class _Pod:
    """A pod's spec with the maps around it, the nearest first, in the document that holds it."""

    spec: Mapping[str, Any]
    around: tuple[Mapping[str, Any], ...]
    document: Mapping[str, Any]
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


def read_manifest(text: str, where: str) -> list[FoundServer]:
    """Every server that a text in YAML or JSON describes, those of inference engines only where there are any.

    `where` names the text for people. Raises InputError (AT001) with the place where it is not well formed.
    """
    documents = _flatten(_parse(text, where))
    config_maps = {
        str(_metadata(document).get("name")): text_map(document.get("data"))
        for document in documents
        if document.get("kind") == "ConfigMap"
    }
    found: list[FoundServer] = []
    for document in documents:
        if is_compose(document):
            found += read_compose(document, where)
        elif is_inspected(document):
            found.append(read_inspected(document, where))
        else:
            services = [item for item in documents if _names_runtime(item, document)]
            found += [_server(pod, where, config_maps, services) for pod in _pods(document)]
    serving = [server for server in found if _serves(server)] or found
    return [server for server in serving if server.argv] or serving


def _parse(text: str, where: str) -> list[Any]:
    if text.lstrip().startswith(("{", "[")):
        try:
            return [json.loads(text)]
        except (ValueError, RecursionError):
            pass  # YAML's own braces, or broken; its reader says where
    try:
        return [source.data for source in parse_documents(text, where)]
    except InputError as error:
        if _HELM.search(text):
            help_ = "it looks like a template of a Helm chart: `helm template NAME CHART` prints what it makes"
            raise InputError(*(replace(item, help=help_) for item in error.diagnostics)) from None
        raise


def _flatten(documents: Sequence[Any]) -> list[dict[str, Any]]:
    """Single objects: the items of lists, and the values of a Helm chart that are objects themselves."""
    flat: list[dict[str, Any]] = []
    for document in documents:
        if isinstance(document, list):
            flat += _flatten(document)
        elif isinstance(document, dict):
            inner = [value for value in document.values() if isinstance(value, dict) and "kind" in value]
            if isinstance(items := document.get("items"), list) and str(document.get("kind", "")).endswith("List"):
                flat += _flatten(items)
            elif inner and "kind" not in document:
                flat += [_with_container(value, document.get("container")) for value in inner]
            else:
                flat.append(document)
    return flat


def _with_container(value: dict[str, Any], container: Any) -> dict[str, Any]:
    """One value of a chart of ours; the Deployment's container stands beside it, where Helm can merge it."""
    match value:
        case {"kind": "Deployment", "spec": {"template": {"spec": dict(pod)}}} if isinstance(container, dict):
            template = {**value["spec"]["template"], "spec": {**pod, "containers": [container]}}
            return {**value, "spec": {**value["spec"], "template": template}}
    return value


def _pods(document: Mapping[str, Any]) -> Iterator[_Pod]:
    if str(document.get("kind")) in _TEMPLATED:
        document = unescape_templates(document)
    yield from _search(document, (), document)


def _search(
    node: Mapping[str, Any], around: tuple[Mapping[str, Any], ...], document: Mapping[str, Any]
) -> Iterator[_Pod]:
    for name in ("runner", "mainContainer"):
        # OME's and Dynamo's one container stands beside the rest of its pod.
        if isinstance(only := node.get(name), dict):
            others = [item for item in maps(node.get("containers")) if item.get("name") != only.get("name")]
            node = {**node, "containers": [{"name": "main", **only}, *others]}
    if maps(node.get("containers")):
        yield _pod(node, around, document)
        return
    model = node.get("model")
    if isinstance(model, dict) and ("args" in model or "command" in model):
        # KServe: the container of a runtime that stands elsewhere, with arguments of its own.
        yield _pod({**node, "containers": [{"name": "kserve-container", **model}]}, around, document)
        return
    for key, child in node.items():
        if key in _WORKERS or key == "status":
            continue
        for inner in [child] if isinstance(child, dict) else maps(child):
            yield from _search(inner, (node, *around), document)


def _pod(spec: Mapping[str, Any], around: tuple[Mapping[str, Any], ...], document: Mapping[str, Any]) -> _Pod:
    """Labels and annotations stand in `metadata` beside the spec, or beside or in the spec itself; the nearest win."""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    for node in reversed((spec, *around)):
        for place in (_metadata(node), node):
            labels |= text_map(place.get("labels"))
            annotations |= text_map(place.get("annotations"))
    return _Pod(spec, around, document, labels, annotations)


def _server(
    pod: _Pod, where: str, config_maps: Mapping[str, Mapping[str, str]], services: Sequence[Mapping[str, Any]]
) -> FoundServer:
    containers = maps(pod.spec.get("containers"))
    container = choose_container(containers)
    around = [pod.spec, *pod.around, *(inner for service in services for inner in _service_maps(service))]
    env, secrets, elsewhere = read_environment(container)
    for node in pod.around:
        # Dynamo's `envs` beside the pod.
        env = read_environment({"env": node.get("envs")})[0] | env
    volumes, shm = read_volumes(container, pod.spec)
    gpus, resource = next(
        (found for item in (container, *around) if (found := read_gpus(item))[0] is not None), (None, None)
    )
    kind, name = str(pod.document.get("kind", "object")), text_or_none(_metadata(pod.document).get("name"))
    annotations = dict(pod.annotations)
    for service in services:
        annotations = text_map(_metadata(service).get("annotations")) | annotations
    part = next((str(node["name"]) for node in pod.around if "name" in node and "podTemplate" in node), None)
    place = ", ".join(
        [where, f"{kind} {name}" if name else kind]
        + ([part] if part else [])
        + ([f"container {container.get('name')}"] if len(containers) > 1 else [])
    )
    return FoundServer(
        where=place,
        argv=read_command(container, env),
        env=env,
        image=text_or_none(container.get("image")),
        name=name,
        namespace=text_or_none(_metadata(pod.document).get("namespace")),
        gpus=gpus,
        gpu_resource=resource,
        nodes=_nodes(around),
        replicas=_number(around, "replicas", "minReplicas"),
        shm_bytes=shm if shm is not None else _shared_memory(around),
        files=read_files(container, pod.spec, config_maps),
        volumes=volumes,
        secrets=secrets,
        node_selector=text_map(pod.spec.get("nodeSelector")),
        labels=pod.labels,
        annotations=annotations,
        unread=tuple(f"the variable {item}, which comes from elsewhere" for item in elsewhere),
        injected=kind == "Pod",
    )


def _names_runtime(service: Mapping[str, Any], runtime: Mapping[str, Any]) -> bool:
    """Whether an InferenceService starts a runtime that stands in the same text."""
    name = _metadata(runtime).get("name")
    if name is None or not str(runtime.get("kind", "")).endswith("ServingRuntime"):
        return False
    named = [inner.get("runtime") for inner in _service_maps(service)]
    return any(item == name or (isinstance(item, dict) and item.get("name") == name) for item in named)


def _service_maps(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The maps of an InferenceService that say how its runtime is started, the innermost first."""
    spec = service.get("spec")
    if service.get("kind") != "InferenceService" or not isinstance(spec, dict):
        return []
    inner = [spec.get("engine"), spec.get("predictor")]
    models = [item.get("model") for item in inner if isinstance(item, dict)]
    return [item for item in (*models, *inner, spec) if isinstance(item, dict)]


def _nodes(around: Sequence[Mapping[str, Any]]) -> int | None:
    for node in around:
        if "leaderTemplate" in node or "workerTemplate" in node:
            return node["size"] if isinstance(node.get("size"), int) else None
        if isinstance(spans := node.get("multinode"), dict):
            return spans["nodeCount"] if isinstance(spans.get("nodeCount"), int) else None
    return None


def _number(around: Sequence[Mapping[str, Any]], *keys: str) -> int | None:
    return next((node[key] for node in around for key in keys if isinstance(node.get(key), int)), None)


def _shared_memory(around: Sequence[Mapping[str, Any]]) -> int | None:
    return next((read_kubernetes_size(node["sharedMemorySize"]) for node in around if "sharedMemorySize" in node), None)


def _serves(server: FoundServer) -> bool:
    return (
        find_launch(server.argv) is not None
        or find_script(server.argv) is not None
        or engine_of_image(server.image) is not None
        or any(key.startswith(PREFIX) for key in (*server.annotations, *server.labels))
    )


def _metadata(node: Mapping[str, Any]) -> dict[str, Any]:
    metadata = node.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
