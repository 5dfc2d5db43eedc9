"""`base_runtime`, `runtime_image_tag`, `model`, `deployment_mode` and `storage` of v1: which server, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import InputError
from autotune.engines import ENGINES
from autotune.engines.versions import read_version, resolve_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.catalog.facts import ModelFacts
    from autotune.migrate.draft import Draft

#: The engines of v1 and the images that a tag belongs to.
IMAGES = {
    "sglang": "lmsysorg/sglang",
    "vllm": "vllm/vllm-openai",
    "trtllm": "nvcr.io/nvidia/tensorrt-llm/release",
}
_NAMES = {"sglang": "sglang", "vllm": "vllm", "trtllm": "trtllm", "tensorrt-llm": "trtllm", "tensorrtllm": "trtllm"}
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_CLAIM = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")


def engine_of(runtime: Any) -> str | None:
    """The engine that a runtime is, or whose name the name of a ServingRuntime holds; None where it says none or several."""
    text = str(runtime).lower()
    found = {engine for name, engine in _NAMES.items() if name in text}
    return found.pop() if len(found) == 1 else None


def migrate_runtime(draft: Draft, runtime: Any, engine: str, *, answered: bool) -> None:
    """Account for `base_runtime`; `answered` says that a person named the engine."""
    note = "" if runtime == engine else f"{engine}, {'as answered' if answered else 'as the runtime is named'}"
    draft.map(("base_runtime",), runtime, "system.backend", engine, note, noted=bool(note))


def migrate_image(draft: Draft, tag: Any, engine: str) -> str | None:
    """Account for `runtime_image_tag`, and give the engine's version that it holds, where its flags are known."""
    path = ("runtime_image_tag",)
    if tag in (None, ""):
        draft.note(path, tag, "empty: the engine's own image of the newest version known")
        return None
    if not isinstance(tag, str) or not re.fullmatch(r"[\w][\w.-]{0,127}", tag):
        draft.refuse(path, tag, "this cannot be the tag of an image")
        return None
    image = f"{IMAGES[engine]}:{tag}"
    version = read_version(tag)
    try:
        known = None if version is None else resolve_version(ENGINES[engine], str(version.public))
    except InputError:
        known = None
    if version is None or known is None:
        newest = ENGINES[engine].versions()[-1]
        draft.vary(path, tag, "system.image", ["system.image"], [[image]],
                   note=f"its version is not known; flags are checked against {engine} {newest}", needs_human=True)  # fmt: skip
        return None
    draft.vary(path, tag, "system.image", ["system.image", "system.backend_version"], [[image, str(version.public)]])
    return known


def migrate_model(draft: Draft, model: Any, facts: ModelFacts | None) -> None:
    """Account for `model`."""
    if isinstance(model, str):
        _identify(draft, ("model",), model, facts)
        return
    if not isinstance(model, dict) or not model.get("id_or_path"):
        draft.refuse(("model",), model, "`model` must be a map with id_or_path")
        return
    for key, value in model.items():
        path = ("model", key)
        if key == "id_or_path" and isinstance(value, str) and value:
            _identify(draft, path, value, facts)
        elif key == "namespace" and isinstance(value, str) and _LABEL.fullmatch(value):
            draft.map(path, value, "deploy.namespace", value)
        elif key == "namespace" and value in (None, ""):
            draft.note(path, value, "empty: the default namespace")
        else:
            draft.refuse(path, value, "v2 has no place for this key or value")


def _identify(draft: Draft, path: tuple[str, ...], name: str, facts: ModelFacts | None) -> None:
    if facts is not None:
        draft.map(path, name, "model.id", name)
        return
    if "/" in name:
        note = "not in the catalog: `autotune models add FOLDER` makes it known"
        draft.map(path, name, "model.id", name, note, noted=True)
        return
    note = "neither a Hub name nor a path: a folder below v1's model root; give it in full in model.path, its Hub name in model.id"
    draft.vary(path, name, "model.id", ["model.id"], [[name]], note=note, needs_human=True)


def migrate_mode(draft: Draft, mode: Any, executors: frozenset[str]) -> None:
    """Account for `deployment_mode`; `executors` are the options of the executor group."""
    path = ("deployment_mode",)
    if mode in (None, ""):
        draft.note(path, mode, "empty: where experiments run is found out", targets=("executor",))
    elif mode not in ("docker", "local", "ome"):
        draft.refuse(path, mode, "v1 had docker, local and ome")
    elif mode in executors:
        draft.map(path, mode, "executor", mode)
    else:
        draft.map(path, mode, "executor", "auto", f"there is no executor {mode} here; auto takes what the machine has", noted=True)  # fmt: skip


def migrate_storage(draft: Draft, storage: Mapping[str, Any]) -> None:
    """Account for `storage`: a claim with the model."""
    if storage.get("type", "pvc") != "pvc":
        draft.refuse(
            ("storage",),
            dict(storage),
            "v2 mounts a claim (deploy.pvc) or a folder of the node (deploy.host_path): choose",
        )
        return
    for key, value in storage.items():
        path = ("storage", key)
        if value in (None, ""):
            draft.note(path, value, "empty")
        elif key == "type":
            draft.note(path, value, "said by deploy.pvc", targets=("deploy.pvc",))
        elif key == "pvc_name" and isinstance(value, str) and _CLAIM.fullmatch(value):
            draft.map(path, value, "deploy.pvc", value)
        elif key == "pvc_subpath" and isinstance(value, str):
            draft.map(path, value, "deploy.pvc_subpath", value)
        elif key == "mount_path" and isinstance(value, str) and value.startswith("/"):
            draft.map(path, value, "deploy.mount_path", value)
        else:
            draft.refuse(path, value, "v2 has no place for this key or value")
