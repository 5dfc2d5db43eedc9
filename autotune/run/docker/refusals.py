"""The class of what a Docker engine refuses, and of how a container ended: a table of what engines say and what to do.

The texts are those of Docker 20.10 to 28, containerd, runc and the NVIDIA Container Toolkit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from autotune.run.failures import classify
from autotune.store.result import Failure

if TYPE_CHECKING:
    from autotune.run.docker.address import EngineError
    from autotune.run.docker.engine import ContainerState
    from autotune.run.failures import Phase

#: Where the NVIDIA Container Toolkit is described, which gives containers their GPUs.
NVIDIA_GUIDE = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"

#: The exit codes of a server that somebody asked to end: 0, and 128 + SIGINT or SIGTERM.
_ASKED_TO_END = (0, 130, 143)


class Refusal(NamedTuple):
    pattern: re.Pattern[str]
    kind: str
    remedy: str


def _refusal(kind: str, pattern: str, remedy: str) -> Refusal:
    return Refusal(re.compile(pattern, re.IGNORECASE), kind, remedy)


_GPUS = f"install the NVIDIA Container Toolkit on the Docker host and restart Docker: {NVIDIA_GUIDE}"

#: What the engine says when it does not create or start a container. The first that matches is taken.
REFUSALS = (
    _refusal("infrastructure", r"could not select device driver|unknown or invalid runtime name|nvidia-container-cli|nvidia-container-runtime|failed to discover GPU", _GPUS),
    _refusal("infrastructure", r"error gathering device information", "the Docker host has no such device: look at its GPU driver"),
    _refusal("infrastructure", r"port is already allocated|address already in use", "another process took the port; run the command again"),
    _refusal("infrastructure", r"no space left on device", "free disk space on the Docker host (`docker system df` shows what takes it)"),
    _refusal("infrastructure", r"cannot assign requested address", "the address of executor.host is not one of that machine's own; name it by one that is"),
    _refusal("refused", r"bind source path does not exist|invalid mount config|not a directory", "make the folder on the Docker host, or correct deploy.host_path or executor.volumes"),
    _refusal("refused", r"duplicate mount point", "two of deploy.mount_path and executor.volumes are the same folder of the container"),
    _refusal("start_crash", r"executable file not found|no such file or directory: unknown|exec format error", "the image has no such command for this machine: set system.image to an image of this engine"),
)  # fmt: skip

#: What registries say, through the engine.
_IMAGE_REFUSALS = (
    _refusal("infrastructure", r"toomanyrequests|rate limit", "the registry lets nobody in more often: `docker login`, or wait"),
    _refusal("infrastructure", r"no space left on device", "free disk space on the Docker host (`docker system df` shows what takes it)"),
    _refusal("infrastructure", r"i/o timeout|no such host|connection refused|TLS handshake|network is unreachable|unexpected EOF|deadline exceeded|Client\.Timeout|server misbehaving|50\d ",
             "the Docker host does not reach the registry: look at its network and proxy, or load the image with `docker load`"),
    _refusal("image", r"pull access denied|unauthorized|authentication required|access forbidden|denied",
             "there is no such image, or it asks for a login: look at system.image, and run `docker login` for its registry"),
    _refusal("image", r"no matching manifest", "the image is not made for this machine's architecture; set system.image to one that is"),
    _refusal("image", r"manifest unknown|not found|invalid reference|repository name",
             "there is no such image or tag: look at system.image and system.backend_version"),
    _refusal("image", r"executor\.pull=never", "pull it with `docker pull`, or set executor.pull=missing"),
    _refusal("infrastructure", r"start_timeout_s", "raise executor.start_timeout_s, or pull it before the run with `docker pull`"),
)  # fmt: skip


def image_failure(image: str, said: str) -> Failure:
    """The class of an image that cannot be had, from what the engine said about it."""
    rule = next((item for item in _IMAGE_REFUSALS if item.pattern.search(said)), None)
    kind, remedy = ("image", "`docker pull` says more") if rule is None else (rule.kind, rule.remedy)
    return Failure(kind, f"the image {image} cannot be had: {said}", remedy)  # type: ignore[arg-type]


def engine_failure(error: EngineError, doing: str) -> Failure:
    """The class of a request that the engine did not fulfil."""
    if error.gone:
        return Failure("infrastructure", error.message, error.remedy)
    rule = next((item for item in REFUSALS if item.pattern.search(error.message)), None)
    kind, remedy = ("infrastructure", error.remedy) if rule is None else (rule.kind, rule.remedy)
    return Failure(kind, f"the Docker engine does not {doing}: {error.message}", remedy)  # type: ignore[arg-type]


def end_failure(state: ContainerState | None, log: str, phase: Phase) -> Failure:
    """The class of a server whose container has ended (`state`), or is not there any more (None)."""
    if state is None:
        return Failure("infrastructure", "the server's container is gone: someone or something removed it",
                       "look at who else uses the Docker engine", log)  # fmt: skip
    read = classify(log, state.exit_code, phase)
    if state.out_of_memory:
        return Failure("out_of_memory", "the kernel killed the container for its memory (OOMKilled)",
                       "the Docker host, or the limit on its containers, has too little memory: lower memory.cpu_offload_gb and memory.kv_offload_gb, or take a larger machine",
                       read.log_tail)  # fmt: skip
    asked = state.exit_code in _ASKED_TO_END and (phase == "benchmark" or state.exit_code != 0)
    if asked and read.kind in ("start_crash", "benchmark"):
        return Failure("infrastructure", f"the container was stopped from outside (exit code {state.exit_code})",
                       "look at who else uses the Docker engine", read.log_tail)  # fmt: skip
    return read
