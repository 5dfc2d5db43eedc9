"""A bash script with one `docker run`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from autotune.emit.config_files import config_files
from autotune.emit.faults import find_faults, find_node_faults, refuse
from autotune.emit.heading import cluster_remarks, heading
from autotune.emit.labels import container_labels
from autotune.emit.script import render_script
from autotune.emit.sizes import docker_size
from autotune.emit.volumes import host_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.engines.deployment import Deployment, Volume


class DockerEmitter:
    """`docker.sh`: the container in the foreground, removed when it ends, its port on 127.0.0.1 only."""

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        refuse(find_faults(deployment), find_node_faults(deployment))
        script = render_script(
            "docker.sh.j2",
            heading=heading(deployment, *_remarks(deployment)),
            name=deployment.name,
            secrets=sorted(deployment.secrets, key=lambda item: item.env),
            files=config_files(deployment),
            options=list(_options(deployment)),
            image=deployment.image,
            arguments=deployment.argv[1:],
        )
        return {"docker.sh": script}


def _remarks(deployment: Deployment) -> list[str]:
    remarks = cluster_remarks(deployment)
    if deployment.gpu_vendor == "nvidia" and deployment.gpus:
        remarks.append("""To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.""")
    if deployment.gpu_vendor == "amd" and deployment.gpus:
        remarks.append("HIP_VISIBLE_DEVICES of the caller says which GPUs are used.")
    return remarks


def _options(deployment: Deployment) -> Iterator[tuple[str, ...]]:
    """The options of `docker run`, each with its value."""
    yield ("--rm",)
    yield "--name", deployment.name
    yield from _device_options(deployment)
    if deployment.shm_bytes:
        yield "--shm-size", docker_size(deployment.shm_bytes)
    yield "--publish", f"127.0.0.1:{deployment.port}:{deployment.port}"
    for key, value in container_labels(deployment).items():
        yield "--label", f"{key}={value}"
    for name, value in sorted(deployment.env.items()):
        yield "--env", f"{name}={value}"
    for secret in sorted(deployment.secrets, key=lambda item: item.env):
        yield "--env", secret.env
    for volume in deployment.volumes:
        yield "--mount", _mount(volume)
    # Images differ in their entry point (that of vllm/vllm-openai is `vllm serve`); the command here is complete.
    yield "--entrypoint", deployment.argv[0]


def _device_options(deployment: Deployment) -> Iterator[tuple[str, ...]]:
    if not deployment.gpus:
        return
    if deployment.gpu_vendor == "nvidia":
        yield "--gpus", str(deployment.gpus)
    if deployment.gpu_vendor == "amd":
        # https://rocm.docs.amd.com/projects/install-on-linux/en/latest/how-to/docker.html
        yield "--device", "/dev/kfd"
        yield "--device", "/dev/dri"
        yield "--group-add", "video"
        if "HIP_VISIBLE_DEVICES" not in deployment.env:
            yield "--env", "HIP_VISIBLE_DEVICES"


def _mount(volume: Volume) -> str:
    """One `--mount`, which unlike `-v` takes any path and does not make up a folder that is missing."""
    fields: list[str]
    if volume.host_path is not None:
        fields = ["type=bind", f"source={host_folder(volume)}"]
    elif volume.pvc is not None:
        fields = ["type=volume", f"source={volume.pvc}"]
        fields += [f"volume-subpath={volume.sub_path}"] if volume.sub_path else []
    elif volume.medium == "Memory":
        fields = ["type=tmpfs"]
        fields += [f"tmpfs-size={volume.size_bytes}"] if volume.size_bytes is not None else []
    else:
        fields = ["type=volume"]
    fields.append(f"target={volume.mount_path}")
    fields += ["readonly"] if volume.read_only else []
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()
