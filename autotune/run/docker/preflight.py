"""What keeps a Docker engine from running a server, and what makes one doubt that it will. Reads, and changes nothing."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import diagnostic
from autotune.emit.devices import AMD_DEVICES
from autotune.emit.volumes import container_mount
from autotune.run.docker.address import EngineError
from autotune.run.docker.refusals import NVIDIA_GUIDE
from autotune.run.docker.spec import extra_mounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autotune.diagnostics import Diagnostic
    from autotune.emit.volumes import ContainerMount
    from autotune.engines.deployment import Deployment
    from autotune.run.docker.address import Address
    from autotune.run.docker.engine import DockerEngine
    from autotune.schema import DockerExecutor

#: Folders inside a volume can be mounted from this version of the API on (Docker 26).
_SUBPATH_API = (1, 45)


def check_engine(
    engine: DockerEngine, deployment: Deployment, settings: DockerExecutor, environ: Mapping[str, str] = os.environ
) -> list[Diagnostic]:
    """AT015 and AT045 for what is missing, AT120 for doubts."""
    found = [*_plain_faults(engine.address, deployment, settings, environ), *exposure(engine.address)]
    try:
        info = engine.info()
        found += _engine_faults(engine, info, deployment, settings)
        found += gpu_doubts(info, deployment)
    except EngineError as error:
        found.append(diagnostic("AT045", error.message, path="executor", help=error.remedy or None))
    return found


def exposure(address: Address) -> Iterator[Diagnostic]:
    """AT120 for a server that others than this machine can reach."""
    try:
        ip = address.publish_ip()
    except EngineError:
        return
    if not ipaddress.ip_address(ip).is_loopback:
        yield diagnostic("AT120", f"servers are published on {ip} of the Docker host, and answer whoever reaches that address",
                         path="executor.host", help="keep the port range of that machine behind a firewall")  # fmt: skip


def gpu_doubts(info: Mapping[str, Any], deployment: Deployment) -> Iterator[Diagnostic]:
    """AT120 for an engine that shows no sign of the NVIDIA Container Toolkit.

    No error: the toolkit's hook also works without being listed.
    """
    if deployment.gpu_vendor != "nvidia" or not deployment.gpus:
        return
    listed = [*(info.get("Runtimes") or {}), *(str(item) for item in info.get("DiscoveredDevices") or ())]
    if not any("nvidia" in item for item in listed):
        yield diagnostic("AT120", "the Docker engine lists no NVIDIA runtime, so that containers may not get their GPUs",
                         path="executor", help=f"install the NVIDIA Container Toolkit on the Docker host: {NVIDIA_GUIDE}")  # fmt: skip


def _plain_faults(
    address: Address, deployment: Deployment, settings: DockerExecutor, environ: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """What is seen without the engine."""
    if deployment.nodes > 1:
        yield diagnostic("AT015", f"the deployment spans {deployment.nodes} nodes and executor=docker is one machine",
                         path="system.nodes", help="set system.nodes=1")  # fmt: skip
    for secret in deployment.secrets:
        if not environ.get(secret.env):
            yield diagnostic("AT045", f"the container needs {secret.env}, which is not set here", path="deploy.hf_token_secret",
                             help=f"export {secret.env} before the run; the container gets it by name")  # fmt: skip
    for name in settings.pass_env:
        if name not in environ:
            yield diagnostic("AT045", f"executor.pass_env names {name}, which is not set here", path="executor.pass_env",
                             help=f"export {name} before the run, or leave it out")  # fmt: skip
    if not address.here:
        return
    for path, mount in _mounts(deployment, settings):
        if mount.kind == "bind" and mount.source is not None and not _may_be_there(Path(mount.source)):
            yield diagnostic("AT045", f"there is no {mount.source} on this machine to mount", path=path,
                             help="make the folder, or correct the path")  # fmt: skip
    if deployment.gpu_vendor == "amd" and deployment.gpus:
        for device in AMD_DEVICES:
            if not Path(device).exists():
                yield diagnostic("AT045", f"there is no {device} on this machine, which AMD GPUs are used through", path="system.gpu",
                                 help="install the amdgpu driver, or use executor=emulated")  # fmt: skip


def _engine_faults(
    engine: DockerEngine, info: Mapping[str, Any], deployment: Deployment, settings: DockerExecutor
) -> Iterator[Diagnostic]:
    if settings.pull == "never" and not engine.has_image(deployment.image):
        yield diagnostic("AT045", f"the image {deployment.image} is not on the Docker engine, and executor.pull=never", path="system.image",
                         help=f"docker pull {deployment.image}, or set executor.pull=missing")  # fmt: skip
    version = str(info.get("ApiVersion", ""))
    for path, mount in _mounts(deployment, settings):
        if mount.kind == "volume" and mount.source is not None and not engine.has_volume(mount.source):
            yield diagnostic("AT045", f"there is no volume {mount.source} on the Docker engine", path=path,
                             help=f"docker volume create {mount.source}, and put the model into it; or use deploy.host_path")  # fmt: skip
        if mount.subpath is not None and _version(version) < _SUBPATH_API:
            yield diagnostic("AT045", f"a folder inside a volume needs Docker 26, and this engine's API is {version}", path="deploy.pvc_subpath",
                             help="mount the whole volume, or use deploy.host_path")  # fmt: skip


def _mounts(deployment: Deployment, settings: DockerExecutor) -> Iterator[tuple[str, ContainerMount]]:
    for volume in deployment.volumes:
        yield "deploy.pvc" if volume.pvc is not None else "deploy.host_path", container_mount(volume)
    for mount in extra_mounts(settings):
        yield "executor.volumes", mount


def _may_be_there(path: Path) -> bool:
    """Whether a path is there, or lies where this user cannot look and the engine can."""
    try:
        return path.exists() or not os.access(path.parent, os.X_OK)
    except OSError:
        return True


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
