"""What `docker inspect` and `podman inspect` print of a container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.engines.deployment import Volume
from autotune.importing.container import maps, text_map, text_or_none, texts
from autotune.importing.found_server import FoundServer

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_inspected(document: Mapping[str, Any]) -> bool:
    """Whether a document is one container as an engine describes it."""
    return "kind" not in document and isinstance(document.get("Config"), dict) and "HostConfig" in document


def read_inspected(document: Mapping[str, Any], where: str) -> FoundServer:
    """The server that runs in the container. Its environment holds that of the image too."""
    config: dict[str, Any] = document["Config"]
    host = document["HostConfig"] if isinstance(document["HostConfig"], dict) else {}
    started = [str(document["Path"]), *texts(document.get("Args"))] if document.get("Path") else []
    name = str(document.get("Name", "")).lstrip("/") or None
    labels = text_map(config.get("Labels"))
    shm = host.get("ShmSize")
    return FoundServer(
        where=f"{where}, container {name}" if name else where,
        argv=tuple(started or [*texts(config.get("Entrypoint")), *texts(config.get("Cmd"))]),
        env={key: value for key, equals, value in (item.partition("=") for item in texts(config.get("Env"))) if equals},
        image=text_or_none(config.get("Image")),
        name=name,
        gpus=_gpus(host),
        gpu_resource="nvidia.com/gpu" if maps(host.get("DeviceRequests")) else None,
        shm_bytes=shm if isinstance(shm, int) else None,
        volumes=tuple(_volumes(document)),
        labels=labels,
        annotations=labels,
        injected=True,
    )


def _gpus(host: Mapping[str, Any]) -> int | None:
    for request in maps(host.get("DeviceRequests")):
        if ids := texts(request.get("DeviceIDs")):
            return len(ids)
        count = request.get("Count")
        # -1 stands for all of them.
        return count if isinstance(count, int) and count > 0 else None
    return None


def _volumes(document: Mapping[str, Any]) -> list[Volume]:
    found: list[Volume] = []
    for number, mount in enumerate(maps(document.get("Mounts"))):
        target, read_only = str(mount.get("Destination", "")), mount.get("RW") is False
        if mount.get("Type") == "bind":
            found.append(Volume(f"volume-{number}", target, host_path=str(mount.get("Source")), read_only=read_only))
        elif mount.get("Type") == "volume":
            found.append(Volume(f"volume-{number}", target, pvc=str(mount.get("Name")), read_only=read_only))
    return found
