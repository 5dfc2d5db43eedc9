"""The model as OME knows it: a ClusterBaseModel, which says where the weights come from and where they lie on the nodes.

Read from https://github.com/ome-projects/ome: pkg/utils/storage/storage.go (the addresses) and pkg/modelagent (what is done
with them). The model agent downloads an `hf://` model to `storage.path` of every node that `nodeSelector` names, and takes
a missing path for a null pointer; a `local://` model it only looks at; a `pvc://` model it leaves alone.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.emit.faults import fault
from autotune.emit.pod import without_empty
from autotune.emit.volumes import host_folder
from autotune.schema import stable_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment

#: Where OME's chart lets the model agent put models (`modelAgent.hostPath` of charts/ome-resources).
MODELS_FOLDER = "/mnt/data/models"
#: What a runtime has to name to be let serve the model: with the annotation below, nothing else is compared.
FORMAT = {"modelFormat": {"name": "safetensors"}, "modelFramework": {"name": "transformers"}}
#: The agent otherwise writes architecture, framework and quantization from config.json into the model, and a runtime that
#: does not name the very same is refused (compareSupportedModelFormats in pkg/runtimeselector/matcher.go).
_AS_WRITTEN = {"ome.oracle.com/skip-config-parsing": "true"}
#: A node label is made of the name and longer ones are cut (GetClusterBaseModelLabel in pkg/constants).
_NAME_LENGTH = 32


class OmeModel(NamedTuple):
    """`node_path`: the folder on a node that the model is in, or will be; None where it is in a claim."""

    name: str
    storage_uri: str
    node_path: str | None


def find_model(deployment: Deployment) -> OmeModel | None:
    """None for a model that is in the image, which OME has no address for."""
    found = _locate(deployment)
    if found is None:
        return None
    uri, path = found
    digest = stable_hash([uri, path, deployment.node_selector])
    slug = re.sub(r"[^a-z0-9]+", "-", deployment.model.rstrip("/").rpartition("/")[2].lower()).strip("-")
    slug = slug[: _NAME_LENGTH - len(digest) - 1].strip("-")
    return OmeModel(f"{slug or 'model'}-{digest}", uri, path)


def model_documents(deployment: Deployment) -> list[dict[str, Any]]:
    """The ClusterBaseModel, where there is an address for one. The same for every server of that model on such nodes."""
    if (model := find_model(deployment)) is None:
        return []
    storage = {
        "storageUri": model.storage_uri,
        "path": model.node_path,
        **_token(deployment, model),
        # Without it every node downloads the model.
        "nodeSelector": dict(sorted(deployment.node_selector.items())),
    }
    return [
        {
            "apiVersion": "ome.io/v1beta1",
            "kind": "ClusterBaseModel",
            "metadata": {
                "name": model.name,
                "labels": {"app.kubernetes.io/managed-by": "autotune"},
                "annotations": _AS_WRITTEN,
            },
            "spec": {
                "displayName": deployment.model,
                **FORMAT,
                "modelCapabilities": ["TEXT_TO_TEXT"],
                "storage": without_empty(storage),
            },
        }
    ]


def find_model_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    """AT029 for a Hub model that OME would read another name, or a folder elsewhere, from."""
    if deployment.model.startswith(("/", ".")):
        return
    if "@" in deployment.model:
        yield fault("OME takes what follows an @ in a model's name for its revision", "model.id", "use model.revision")
    if ".." in deployment.model.split("/"):
        yield fault(f"the model {deployment.model!r} leaves OME's folder of models", "model.id")


def _locate(deployment: Deployment) -> tuple[str, str | None] | None:
    """The address, and the folder on the nodes."""
    model = deployment.model
    if not model.startswith(("/", ".")):
        revision = _flag_value(deployment.argv, "--revision")
        return f"hf://{model}" + (f"@{revision}" if revision else ""), f"{MODELS_FOLDER}/{model}"
    for volume in deployment.volumes:
        folder = volume.mount_path.rstrip("/")
        inside = "" if model.rstrip("/") == folder else model.removeprefix(f"{folder}/").rstrip("/")
        if inside == model.rstrip("/"):
            continue
        if volume.host_path is not None:
            path = posixpath.join(host_folder(volume), inside).rstrip("/")
            return f"local://{path}", path
        if volume.pvc is not None and (sub_path := posixpath.join(volume.sub_path or "", inside).rstrip("/")):
            return f"pvc://{deployment.namespace}:{volume.pvc}/{sub_path}", None
    return None


def _token(deployment: Deployment, model: OmeModel) -> dict[str, Any]:
    """The Secret that the agent takes the Hub token from: of this name, in OME's own namespace (`ome`)."""
    if not model.storage_uri.startswith("hf://"):
        return {}
    for secret in deployment.secrets:
        if secret.env == "HF_TOKEN" and secret.secret is not None:
            return {"key": secret.secret, "parameters": {"secretKey": secret.key}}
    return {}


def _flag_value(argv: tuple[str, ...], flag: str) -> str:
    for number, word in enumerate(argv):
        if word == flag and number + 1 < len(argv):
            return argv[number + 1]
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return ""
