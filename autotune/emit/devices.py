"""Devices as containers are given them."""

from __future__ import annotations

#: https://rocm.docs.amd.com/projects/install-on-linux/en/latest/how-to/docker.html
AMD_DEVICES = ("/dev/kfd", "/dev/dri")
AMD_GROUP = "video"
#: What says, inside the container, which of the AMD GPUs are used.
AMD_VISIBLE = "HIP_VISIBLE_DEVICES"
