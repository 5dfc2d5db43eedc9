"""Charts with a file of values for each server, and Kustomize overlays, put together as Helm and Kustomize do it.

https://helm.sh/docs/chart_template_guide/values_files and https://kubectl.docs.kubernetes.io/references/kustomize/builtins:
maps are merged, lists are replaced, except that a strategic merge patch merges lists whose items have names. Enough for what
autotune emits, edited or not; generators, components and JSON patches are not read.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotune.emit.sweep import merge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: The files of a folder as they were read: relative path with `/` -> the documents in it.
Documents = dict[str, list[Any]]

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")


@dataclass(frozen=True, slots=True)
class Built:
    """What Helm or Kustomize would make: the documents by the file that holds most of a server's own settings."""

    documents: Mapping[str, list[Any]] = field(default_factory=dict)
    used: frozenset[str] = frozenset()
    """Files that are no servers by themselves."""


def build_layers(files: Documents) -> Built:
    """Every server that files of values or overlays make. Charts with one file of values are left as they are."""
    documents: dict[str, list[Any]] = {}
    used: set[str] = set()
    for path in files:
        folder, name = posixpath.split(path)
        if name == "Chart.yaml":
            found = _chart(folder, files)
        elif name in _KUSTOMIZATIONS:
            found = _overlay(path, files)
        else:
            continue
        documents |= found.documents
        used |= found.used
    return Built(documents, frozenset(used))


def _chart(folder: str, files: Documents) -> Built:
    shared = posixpath.join(folder, "values.yaml")
    own = [
        path for path in files if posixpath.dirname(path) == folder and posixpath.basename(path).startswith("values-")
    ]
    if not own or shared not in files:
        return Built()
    base = _first_map(files[shared])
    return Built({path: [merge(base, _first_map(files[path]))] for path in own}, frozenset({shared, *own}))


def _overlay(path: str, files: Documents) -> Built:
    folder = posixpath.dirname(path)
    resources, used = _resources(path, files, frozenset())
    patched = _patches(_first_map(files[path]))
    if not patched:
        return Built()
    used |= {path}
    for patch_path, target in patched:
        file = posixpath.normpath(posixpath.join(folder, patch_path))
        used |= {file}
        for patch in files.get(file, []):
            if isinstance(patch, dict):
                resources = [
                    _strategic(item, patch) if _is_target(item, target or patch) else item for item in resources
                ]
    return Built({folder: resources}, used)


def _resources(path: str, files: Documents, seen: frozenset[str]) -> tuple[list[Any], frozenset[str]]:
    """The resources that a kustomization names, those of the folders that it names among them, and the files they are in."""
    folder = posixpath.dirname(path)
    found: list[Any] = []
    used = seen | {path}
    named = _first_map(files[path]).get("resources")
    for name in named if isinstance(named, list) else []:
        place = posixpath.normpath(posixpath.join(folder, str(name)))
        if place in files:
            found += files[place]
            used |= {place}
            continue
        for inner in (posixpath.join(place, kustomization) for kustomization in _KUSTOMIZATIONS):
            if inner in files and inner not in used:
                more, used = _resources(inner, files, used)
                found += more
    return found, used


def _patches(kustomization: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any] | None]]:
    """The files of patches with the object that each is for, where it is said."""
    listed = kustomization.get("patches")
    entries: Sequence[Any] = listed if isinstance(listed, list) else []
    found: list[tuple[str, Mapping[str, Any] | None]] = []
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("path"), str):
            target = entry.get("target")
            wanted = (
                {"kind": target.get("kind"), "metadata": {"name": target.get("name")}}
                if isinstance(target, dict)
                else None
            )
            found.append((entry["path"], wanted))
    return found


def _is_target(item: Any, target: Mapping[str, Any]) -> bool:
    return isinstance(item, dict) and all(_kind_and_name(item)[n] == _kind_and_name(target)[n] for n in (0, 1))


def _kind_and_name(item: Mapping[str, Any]) -> tuple[Any, Any]:
    metadata = item.get("metadata")
    return item.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None


def _strategic(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in patch.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _strategic(below, value)
        elif isinstance(below, list) and isinstance(value, list) and _named(below) and _named(value):
            merged[key] = list(_by_name(below, value))
        else:
            merged[key] = value
    return merged


def _by_name(base: Sequence[Mapping[str, Any]], patch: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    changes = {item["name"]: item for item in patch}
    for item in base:
        yield _strategic(item, changes.pop(item["name"])) if item["name"] in changes else item
    yield from changes.values()


def _named(items: Sequence[Any]) -> bool:
    return all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items)


def _first_map(documents: Sequence[Any]) -> dict[str, Any]:
    return next((item for item in documents if isinstance(item, dict)), {})
