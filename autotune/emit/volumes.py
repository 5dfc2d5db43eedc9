"""Volumes as container engines without claims see them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from autotune.engines.deployment import Volume


class ContainerMount(NamedTuple):
    """One mount of a container: a folder of the host (`bind`), a named or anonymous volume, or memory (`tmpfs`)."""

    kind: Literal["bind", "volume", "tmpfs"]
    target: str
    source: str | None = None
    subpath: str | None = None
    size_bytes: int | None = None
    read_only: bool = False


def host_folder(volume: Volume) -> str:
    """The folder of the host that a host-path volume mounts: its path, with the folder inside it where one is named."""
    assert volume.host_path is not None
    return posixpath.join(volume.host_path, volume.sub_path) if volume.sub_path else volume.host_path


def container_mount(volume: Volume) -> ContainerMount:
    """A host folder, with the folder inside it where one is named, is mounted itself; a claim is the volume of the same
    name; scratch is an anonymous volume, or memory of the given size.
    """
    target, read_only = volume.mount_path, volume.read_only
    if volume.host_path is not None:
        return ContainerMount("bind", target, host_folder(volume), read_only=read_only)
    if volume.pvc is not None:
        return ContainerMount("volume", target, volume.pvc, volume.sub_path or None, read_only=read_only)
    if volume.medium == "Memory":
        return ContainerMount("tmpfs", target, size_bytes=volume.size_bytes, read_only=read_only)
    return ContainerMount("volume", target, read_only=read_only)
