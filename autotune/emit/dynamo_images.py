"""Which image runs an engine under NVIDIA Dynamo: an engine's own image has no Dynamo in it.

Releases and the engine that each ships: https://docs.nvidia.com/dynamo/reference/compatibility; images:
https://catalog.ngc.nvidia.com/orgs/nvidia/teams/ai-dynamo/collections/ai-dynamo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autotune.emit.faults import fault
from autotune.engines.sglang import IMAGE as SGLANG_IMAGE
from autotune.engines.trtllm import IMAGE as TRTLLM_IMAGE
from autotune.engines.versions import read_version
from autotune.engines.vllm import IMAGES as VLLM_IMAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment


class _Runtime(NamedTuple):
    """`minor_parts`: how many numbers of the engine's version say which flags it has (as in `resolve_version`)."""

    image: str
    minor_parts: int


RUNTIMES = {
    "vllm": _Runtime("nvcr.io/nvidia/ai-dynamo/vllm-runtime", 2),
    "sglang": _Runtime("nvcr.io/nvidia/ai-dynamo/sglang-runtime", 3),
    "trtllm": _Runtime("nvcr.io/nvidia/ai-dynamo/tensorrtllm-runtime", 2),
}

#: Dynamo's release -> the engines in its images, newest first; from the first that documents v1beta1 as the served API.
RELEASES = {
    "1.6.0": {"vllm": "0.31.0", "sglang": "0.5.21", "trtllm": "1.3.0rc29"},
    "1.5.0": {"vllm": "0.28.0", "sglang": "0.5.18", "trtllm": "1.3.0rc25"},
    "1.4.2": {"vllm": "0.26.0", "sglang": "0.5.16", "trtllm": "1.3.0rc22"},
}

#: Images that the engines' own projects publish, which `system.image` unset means.
_WITHOUT_DYNAMO = frozenset({*VLLM_IMAGES.values(), SGLANG_IMAGE, TRTLLM_IMAGE})


def runtime_image(deployment: Deployment) -> tuple[str, str | None]:
    """The image, and a remark on what is in it where it was chosen here. An image of the user's own is taken as it is."""
    if not _lacks_dynamo(deployment.image):
        return deployment.image, None
    release = _release(deployment)
    version = RELEASES[release][deployment.engine]
    remark = f"image: Dynamo {release}, which holds {deployment.engine} {version}."
    return f"{RUNTIMES[deployment.engine].image}:{release}", remark


def find_image_faults(deployment: Deployment) -> Iterator[Diagnostic]:
    """AT029 where no image of Dynamo's holds this engine in this version, or runs on this GPU."""
    if deployment.engine not in RUNTIMES:
        yield fault(
            f"Dynamo does not run {deployment.engine}", "system.backend", f"use {', '.join(RUNTIMES)}, or emit to k8s"
        )
        return
    if not _lacks_dynamo(deployment.image):
        return
    if deployment.gpu_vendor != "nvidia":
        yield fault(
            "Dynamo's images are for NVIDIA GPUs",
            "system.gpu",
            "name an image that holds Dynamo and the engine in system.image, or emit to k8s",
        )
    if not _release(deployment):
        shipped = [versions[deployment.engine] for versions in RELEASES.values()]
        yield fault(
            f"no image of Dynamo's holds {deployment.engine} {deployment.engine_version}: "
            f"Dynamo {', '.join(RELEASES)} have {', '.join(shipped)}",
            "system.backend_version",
            f"use system.backend_version={shipped[0]}, or name an image that holds Dynamo and the engine in system.image",
        )


def _lacks_dynamo(image: str) -> bool:
    folder, _, name = image.partition("@")[0].rpartition("/")
    return f"{folder}/{name.partition(':')[0]}" in _WITHOUT_DYNAMO


def _release(deployment: Deployment) -> str:
    """The newest release with the engine's minor version, or nothing."""
    minor = _minor(deployment.engine_version, deployment.engine)
    return next(
        (release for release, ships in RELEASES.items() if minor and minor == _minor(ships[deployment.engine], deployment.engine)),
        "",
    )  # fmt: skip


def _minor(version: str, engine: str) -> tuple[int, ...]:
    read = read_version(version)
    return () if read is None else read.release[: RUNTIMES[engine].minor_parts]
