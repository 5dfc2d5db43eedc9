"""A Deployment as the Docker Engine API describes a container. Pure.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.emit.devices import AMD_DEVICES, AMD_GROUP, AMD_VISIBLE
from autotune.emit.labels import label_set
from autotune.emit.volumes import ContainerMount, container_mount
from autotune.run.cores import number_ranges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.deployment import Deployment
    from autotune.schema import DockerExecutor

#: Labels on every container of a run, beside those of everything emitted.
PROJECT_LABEL = "autotune/project"
PROJECT = "autotune"
RUN_LABEL = "autotune/run"
POINT_LABEL = "autotune/point"
#: The machine and the folder of the run: its lock there says whether the run lives.
MACHINE_LABEL = "autotune/machine"
FOLDER_LABEL = "autotune/folder"

#: Logs are read through the engine, which not every log driver allows; the copy in the run's folder is the one that stays.
_LOG = {"Type": "json-file", "Config": {"max-size": "100m", "max-file": "2"}}


def container_body(
    deployment: Deployment,
    settings: DockerExecutor,
    *,
    devices: tuple[str, ...],
    publish_ip: str,
    labels: Mapping[str, str],
    environ: Mapping[str, str],
    cpus: tuple[int, ...] = (),
) -> dict[str, Any]:
    """The body of the request that creates the server's container.

    `devices` are the GPUs set aside for it, empty for any, `cpus` the threads that it stays on, empty for all; its port is published on a free one of `publish_ip`. Secrets and
    `executor.pass_env` come from `environ` by name; what is not set there is left out.
    """
    port = f"{deployment.port}/tcp"
    mounts = [container_mount(volume) for volume in deployment.volumes] + extra_mounts(settings)
    command, *arguments = deployment.argv
    host: dict[str, Any] = {
        "Mounts": [_mount(item) for item in mounts],
        "PortBindings": {port: [{"HostIp": publish_ip, "HostPort": ""}]},
        "LogConfig": _LOG,
    }
    if deployment.shm_bytes:
        host["ShmSize"] = deployment.shm_bytes
    if cpus:
        host["CpusetCpus"] = number_ranges(cpus)
    env = {**deployment.env, **settings.env}
    for name in [*(secret.env for secret in deployment.secrets), *settings.pass_env]:
        if name in environ:
            env[name] = environ[name]
    _add_devices(deployment, devices, host, env)
    return {
        "Image": deployment.image,
        "Entrypoint": [command],
        "Cmd": arguments,
        "Env": [f"{name}={value}" for name, value in sorted(env.items())],
        "Labels": {**label_set(deployment), **labels},
        "ExposedPorts": {port: {}},
        "HostConfig": host,
    }


def extra_mounts(settings: DockerExecutor) -> list[ContainerMount]:
    """`executor.volumes` (`source:target[:ro]`): a folder of the host when the source begins with `/` or `~`, else a volume."""
    mounts = []
    for text in settings.volumes:
        source, target, *mode = text.split(":")
        folder = source.startswith(("/", "~"))
        source = str(Path(source).expanduser()) if folder else source
        mounts.append(ContainerMount("bind" if folder else "volume", target, source, read_only=mode == ["ro"]))
    return mounts


def _add_devices(deployment: Deployment, devices: tuple[str, ...], host: dict[str, Any], env: dict[str, str]) -> None:
    if not deployment.gpus:
        return
    if deployment.gpu_vendor == "nvidia":
        which = {"DeviceIDs": list(devices)} if devices else {"Count": deployment.gpus}
        host["DeviceRequests"] = [{"Capabilities": [["gpu"]], **which}]
    if deployment.gpu_vendor == "amd":
        host["Devices"] = [
            {"PathOnHost": path, "PathInContainer": path, "CgroupPermissions": "rwm"} for path in AMD_DEVICES
        ]
        host["GroupAdd"] = [AMD_GROUP]
        if devices:
            env[AMD_VISIBLE] = ",".join(devices)


def _mount(mount: ContainerMount) -> dict[str, Any]:
    entry: dict[str, Any] = {"Type": mount.kind, "Target": mount.target, "ReadOnly": mount.read_only}
    if mount.source is not None:
        entry["Source"] = mount.source
    if mount.subpath is not None:
        entry["VolumeOptions"] = {"Subpath": mount.subpath}
    if mount.size_bytes is not None:
        entry["TmpfsOptions"] = {"SizeBytes": mount.size_bytes}
    return entry
