"""A server as somebody else wrote it down: on a command line, in a container, in a manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.engines.deployment import SecretRef, Volume


@dataclass(frozen=True, slots=True)
class FoundServer:
    """What its writer said, undone of the quoting and escaping of the place where it was found; nothing is added.

    `where` names that place for people (`k8s.yaml, Deployment vllm-x`, `the command line`). `argv` is complete: an
    image's entry point is not in it, so a container whose manifest gives arguments alone has an `argv` that begins with
    a flag or the model. None and empty mean that nothing was said.
    """

    where: str
    argv: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    image: str | None = None
    name: str | None = None
    namespace: str | None = None
    gpus: int | None = None
    """GPUs on each node."""
    gpu_resource: str | None = None
    nodes: int | None = None
    replicas: int | None = None
    shm_bytes: int | None = None
    files: dict[str, str] = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    secrets: tuple[SecretRef, ...] = ()
    node_selector: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    """What was said there and has no field here (`--ulimit memlock=-1`, a variable without a value), as text for people."""
    injected: bool = False
    """Read from a running pod or container: its environment holds what the cluster or the image put there too."""
