"""A Compose file with the server as its one service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.emit.config_files import config_files
from autotune.emit.faults import find_faults, find_node_faults, refuse
from autotune.emit.heading import cluster_remarks, heading
from autotune.emit.labels import container_labels
from autotune.emit.manifest import dump_documents
from autotune.emit.pod import GRACE_PERIOD_S, without_empty
from autotune.emit.sizes import docker_size
from autotune.emit.volumes import host_folder

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment, Volume

_NEEDS = "Needs Docker Compose 2.23.1 or later (configs with content)."


class ComposeEmitter:
    """`compose.yaml`: one service named after the engine, its port on 127.0.0.1 only.

    A claim becomes an external volume of the same name: it is there before and stays after.
    """

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """See `Emitter.emit`."""
        refuse(find_faults(deployment), find_node_faults(deployment))
        project = _escape({
            "name": deployment.name,
            "services": {deployment.engine: _service(deployment)},
            "configs": {file.key: {"content": file.text} for file in config_files(deployment)},
            "volumes": {
                volume.pvc: {"name": volume.pvc, "external": True}
                for volume in deployment.volumes
                if volume.pvc is not None
            },
        })  # fmt: skip
        # The only references that Compose is to resolve are added after everything else was escaped.
        environment = project["services"][deployment.engine]["environment"]
        for secret in sorted(deployment.secrets, key=lambda item: item.env):
            environment[secret.env] = f"${{{secret.env}:?set it in the environment}}"
        remarks = [*cluster_remarks(deployment), *([_NEEDS] if deployment.files else [])]
        return {"compose.yaml": dump_documents([without_empty(project)], heading(deployment, *remarks))}


def _service(deployment: Deployment) -> dict[str, Any]:
    command, *arguments = deployment.argv
    service = without_empty({
        "image": deployment.image,
        # Overriding the entry point also clears the image's own command.
        "entrypoint": [command],
        "command": arguments,
        "ports": [f"127.0.0.1:{deployment.port}:{deployment.port}"],
        **_devices(deployment),
        "shm_size": docker_size(deployment.shm_bytes) if deployment.shm_bytes else None,
        "volumes": [_volume(volume) for volume in deployment.volumes],
        "configs": [{"source": file.key, "target": file.path} for file in config_files(deployment)],
        "labels": container_labels(deployment),
        "healthcheck": _healthcheck(deployment),
        "restart": "unless-stopped",
        "stop_grace_period": f"{GRACE_PERIOD_S}s",
    })  # fmt: skip
    return service | {"environment": dict(sorted(deployment.env.items()))}


def _escape(data: Any) -> Any:
    """Compose interpolates `$` in every value, wherever it stands, and never in keys; `$$` is a plain `$`."""
    if isinstance(data, str):
        return data.replace("$", "$$")
    if isinstance(data, dict):
        return {key: _escape(value) for key, value in data.items()}
    return [_escape(item) for item in data] if isinstance(data, list) else data


def _devices(deployment: Deployment) -> dict[str, Any]:
    if deployment.gpu_vendor == "nvidia" and deployment.gpus:
        device = {"driver": "nvidia", "count": deployment.gpus, "capabilities": ["gpu"]}
        return {"deploy": {"resources": {"reservations": {"devices": [device]}}}}
    if deployment.gpu_vendor == "amd" and deployment.gpus:
        return {"devices": ["/dev/kfd:/dev/kfd", "/dev/dri:/dev/dri"], "group_add": ["video"]}
    return {}


def _healthcheck(deployment: Deployment) -> dict[str, Any]:
    """The readiness probe, asked with Python: every engine's image has it, not every one has curl or wget.

    http.client takes no notice of proxy variables, as urllib would.
    """
    probe = deployment.readiness
    code = (
        "import http.client, sys; "
        f"c = http.client.HTTPConnection('127.0.0.1', {deployment.port}, timeout={probe.timeout_s}); "
        f"c.request('GET', {probe.path!r}); "
        "sys.exit(c.getresponse().status != 200)"
    )
    return {
        "test": ["CMD", "python3", "-c", code],
        "interval": f"{probe.period_s}s",
        "timeout": f"{probe.timeout_s}s",
        "retries": probe.failure_threshold,
        "start_period": f"{deployment.startup.period_s * deployment.startup.failure_threshold}s",
    }


def _volume(volume: Volume) -> dict[str, Any]:
    kind: dict[str, Any]
    if volume.host_path is not None:
        kind = {"type": "bind", "source": host_folder(volume), "bind": {"create_host_path": False}}
    elif volume.pvc is not None:
        subpath = {"volume": {"subpath": volume.sub_path}} if volume.sub_path else {}
        kind = {"type": "volume", "source": volume.pvc, **subpath}
    elif volume.medium == "Memory":
        size = {"tmpfs": {"size": volume.size_bytes}} if volume.size_bytes is not None else {}
        kind = {"type": "tmpfs", **size}
    else:
        kind = {"type": "volume"}
    return kind | {"target": volume.mount_path} | ({"read_only": True} if volume.read_only else {})
