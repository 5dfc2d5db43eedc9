"""Where a found server runs: image, Secret, volumes, GPUs, labels - what becomes system.*, deploy.* and model.*."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import holds_secret
from autotune.importing.imported import Account, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.catalog.facts import Catalog, Gpu
    from autotune.engines.deployment import Volume
    from autotune.importing.found_server import FoundServer

#: Variables that hold the Hub's token.
HUB_TOKENS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGINGFACE_TOKEN"})
#: The Secret that stands for a token whose Secret is not known.
PLACEHOLDER = "hf-token"
SHARED_MEMORY = "the shared memory is sized for the GPUs"
#: What every target of autotune settles by itself, by how the text begins.
_SETTLED = {
    "--rm": "", "--detach": "", "--interactive": "", "--tty": "", "-it": "", "-d": "", "-i": "", "-t": "", "-ti": "", "-itd": "", "-dit": "", "--init": "",
    "--publish": "the server's port is published under its own number", "--ipc": SHARED_MEMORY,
    "--network": "the port is published instead", "--net": "the port is published instead", "--runtime": "GPUs are asked for by number",
    "--gpus": "GPUs are asked for by number", "--restart": "", "--pull": "", "--device": "devices come with the GPUs",
    "> ": "", ">> ": "", "2> ": "", ">& ": "", "&> ": "", "< ": "", "cd ": "", "set ": "", "echo ": "", "mkdir ": "", "sleep ": "", "source ": "", ". ": "",
    "sudo": "", "$": "read so", "a blank": "a backslash was meant to join the lines", ": ": "", "if ": "", "fi": "", "then": "", "else": "", "exit ": "", "printf ": "",
    "wait": "", "trap ": "",
}  # fmt: skip
#: Variables that images and container engines set. What tunes a server (NCCL_DEBUG, CUDA_VISIBLE_DEVICES) is none of them.
_IMAGE_VARIABLES = re.compile(
    r"(?:PATH|HOME|HOSTNAME|PWD|TERM|LANG|LC_\w+|container|(?:LD_)?LIBRARY_PATH|DEBIAN_FRONTEND|GPG_KEY"
    r"|NVARCH|NV_\w+|NVIDIA_(?:VISIBLE_DEVICES|DRIVER_CAPABILITIES|REQUIRE_\w+|PRODUCT_NAME|BUILD_ID)"
    r"|(?:CUDA|CUDNN|NCCL|PYTHON|PYTHON_PIP|ROCM|TRT)_VERSION|(?:CUDA|ROCM)_(?:HOME|PATH)|TORCH_CUDA_ARCH_LIST|PYTORCH_ROCM_ARCH"
    r"|(?:UV|PIP)_\w+|VIRTUAL_ENV|VLLM_USAGE_SOURCE)"
)
#: Labels of images, and those that controllers give to their pods.
_IMAGE_LABELS = (
    "maintainer", "org.opencontainers.", "org.label-schema.", "com.nvidia.", "com.docker.", "pod-template-hash", "controller-revision-hash",
)  # fmt: skip
_OURS = ("app.kubernetes.io/", "autotune/", "helm.sh/", "kubectl.kubernetes.io/", "serving.kserve.io/")


def place_unread(server: FoundServer, account: Account) -> None:
    """What has no field in `FoundServer`: options of a container, redirections, the commands beside the engine's."""
    for text in server.unread:
        note = next((why for start, why in _SETTLED.items() if text.startswith(start)), None)
        if note is not None:
            account.add(text, Status.NOTED, note=note or "not part of the server")
        elif text.startswith("-"):
            account.add(text, Status.LEFT_OUT, note="a task has nothing for this option of the container")
        else:
            account.add(text, Status.LEFT_OUT, note="a command of its own; a task starts the server alone")


def place_secrets(server: FoundServer, account: Account) -> tuple[str | None, dict[str, str]]:
    """The Secret with the Hub's token, and the environment without anything secret."""
    secret: str | None = None
    env: dict[str, str] = {}
    for item in server.secrets:
        if item.env not in HUB_TOKENS:
            note = "a task refers to the Hub's token only; set it where the server runs"
            account.add(f"env {item.env} (from a Secret)", Status.LEFT_OUT, note=note)
            continue
        secret = item.secret or secret or PLACEHOLDER
        note = (
            "" if item.secret else f"the name {PLACEHOLDER} is a placeholder; docker and shell take it from the caller"
        )
        account.add(f"env {item.env} (a reference)", Status.MAPPED, ("deploy.hf_token_secret",), note)
        if item.secret and item.key != "HF_TOKEN":
            note = f"the token is read from the key HF_TOKEN of the Secret, and is in {item.key} there: add that key"
            account.add(f"key {item.key} of the Secret {item.secret}", Status.LEFT_OUT, note=note)
    for name, value in server.env.items():
        if name in HUB_TOKENS:
            secret = secret or PLACEHOLDER
            note = f"the value is not copied; it belongs in a Secret, for which the name {PLACEHOLDER} stands"
            account.add(f"env {name} (hidden)", Status.MAPPED, ("deploy.hf_token_secret",), note)
        elif server.injected and _IMAGE_VARIABLES.fullmatch(name):
            account.add(f"env {name}", Status.NOTED, note="the image sets it")
        elif holds_secret(name, value):
            account.add(
                f"env {name} (hidden)", Status.LEFT_OUT, note="a secret is not copied; set it where the server runs"
            )
        else:
            env[name] = value
    return secret, env


def place_volumes(server: FoundServer, model: str, account: Account) -> dict[str, Any]:
    """deploy.* for the claim or folder that holds the model or the download cache."""
    found: dict[str, Any] = {}
    for volume in server.volumes:
        said = _said(volume)
        if volume.medium is not None or volume.mount_path == "/dev/shm":  # noqa: S108 - the place as it is called
            account.add(said, Status.NOTED, note=SHARED_MEMORY)
        elif found:
            account.add(said, Status.LEFT_OUT, note="a task mounts one volume, the model's")
        elif not _holds_model(volume, model, server.env):
            account.add(said, Status.LEFT_OUT, note="neither the model nor the Hub's cache lies there")
        elif volume.pvc is not None:
            found = {"pvc": volume.pvc, "pvc_subpath": volume.sub_path, "mount_path": volume.mount_path}
            account.add(said, Status.MAPPED, ("deploy.pvc", "deploy.mount_path"))
        elif volume.host_path is not None and volume.host_path.startswith("/") and volume.sub_path is None:
            found = {"host_path": volume.host_path, "mount_path": volume.mount_path}
            account.add(said, Status.MAPPED, ("deploy.host_path", "deploy.mount_path"))
        else:
            account.add(
                said,
                Status.LEFT_OUT,
                note="which folder that is depends on who runs it: add deploy.host_path=/... and deploy.mount_path="
                + volume.mount_path,
            )
    return {f"deploy.{key}": value for key, value in found.items() if value is not None}


def place_labels(server: FoundServer, account: Account) -> dict[str, Any]:
    """deploy.labels and deploy.annotations, without those that autotune and other tools write themselves."""
    found: dict[str, Any] = {}
    # Docker and Compose have one kind of label, which is found as both.
    annotations = {} if server.annotations == server.labels else server.annotations
    for path, items in (("deploy.labels", server.labels), ("deploy.annotations", annotations)):
        kind = path.partition(".")[2]
        brought = [key for key in items if server.injected and key.startswith(_IMAGE_LABELS)]
        own = {key: value for key, value in items.items() if key not in brought and not key.startswith(_OURS)}
        if own:
            found[path] = own
            account.add(f"{kind} {', '.join(own)}", Status.MAPPED, (path,))
        if brought:
            account.add(f"{kind} {', '.join(brought)}", Status.NOTED, note="the image or a controller sets it")
        if rest := [key for key in items if key not in own and key not in brought]:
            account.add(f"{kind} {', '.join(rest)}", Status.NOTED, note="written anew with every emit")
    return found


def find_gpu_of(server: FoundServer, catalog: Catalog) -> Gpu | None:
    """The GPU that the server's own labels or its node selector name."""
    labelled = catalog.gpus.get(server.labels.get("autotune/gpu", ""))
    if labelled is not None:
        return labelled
    for gpu in {gpu.name: gpu for gpu in catalog.gpus.values()}.values():
        if gpu.node_labels and gpu.node_labels.items() <= server.node_selector.items():
            return gpu
    return None


def _holds_model(volume: Volume, model: str, env: Mapping[str, str]) -> bool:
    """Whether the model's path, or the Hub's cache, lies in the volume."""
    place = volume.mount_path.rstrip("/")
    if model == place or model.startswith(f"{place}/"):
        return True
    return place.endswith("huggingface") or env.get("HF_HOME", "").rstrip("/") == place


def _said(volume: Volume) -> str:
    source = volume.host_path or volume.pvc or f"memory {volume.medium or ''}".strip()
    return f"volume {source}:{volume.mount_path}"
