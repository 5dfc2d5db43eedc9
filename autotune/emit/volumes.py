"""Volumes as engines without claims see them."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.engines.deployment import Volume


def host_folder(volume: Volume) -> str:
    """The folder of the host that a host-path volume mounts: its path, with the folder inside it where one is named."""
    assert volume.host_path is not None
    return posixpath.join(volume.host_path, volume.sub_path) if volume.sub_path else volume.host_path
