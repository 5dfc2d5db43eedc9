"""A bash script with one `docker run`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from autotune.emit.config_files import config_files
from autotune.emit.devices import AMD_DEVICES, AMD_GROUP, AMD_VISIBLE
from autotune.emit.faults import find_faults, find_node_faults, refuse
from autotune.emit.heading import cluster_remarks, heading
from autotune.emit.labels import container_labels
from autotune.emit.script import comments, render_script, words
from autotune.emit.sizes import docker_size
from autotune.emit.volumes import container_mount

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
            heading=comments(heading(deployment, *_remarks(deployment))),
            name=deployment.name,
            secrets=sorted(deployment.secrets, key=lambda item: item.env),
            files=config_files(deployment),
            options=list(_options(deployment)),
            image=deployment.image,
            arguments=words(deployment.argv[1:]),
        )
        return {"docker.sh": script}


def _remarks(deployment: Deployment) -> list[str]:
    remarks = cluster_remarks(deployment)
    if deployment.gpu_vendor == "nvidia" and deployment.gpus:
        remarks.append("""To choose the GPUs, name them in place of their number: --gpus '"device=2,3"'.""")
    if deployment.gpu_vendor == "amd" and deployment.gpus:
        remarks.append(f"{AMD_VISIBLE} of the caller says which GPUs are used.")
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
        for device in AMD_DEVICES:
            yield "--device", device
        yield "--group-add", AMD_GROUP
        if AMD_VISIBLE not in deployment.env:
            yield "--env", AMD_VISIBLE


def _mount(volume: Volume) -> str:
    """One `--mount`, which unlike `-v` takes any path and does not make up a folder that is missing."""
    mount = container_mount(volume)
    fields = [f"type={mount.kind}"]
    fields += [f"source={mount.source}"] if mount.source is not None else []
    fields += [f"volume-subpath={mount.subpath}"] if mount.subpath is not None else []
    fields += [f"tmpfs-size={mount.size_bytes}"] if mount.size_bytes is not None else []
    fields.append(f"target={mount.target}")
    fields += ["readonly"] if mount.read_only else []
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()
