"""The Deployment: the intermediate representation between engines and everything that emits or runs them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from autotune.frozen import of_fields

if TYPE_CHECKING:
    from collections.abc import Iterable


#: The label that a server's pods are found by; its value is the server's name.
INSTANCE = "app.kubernetes.io/instance"


@dataclass(frozen=True, slots=True)
class Probe:
    """An HTTP GET that answers 200 when all is well."""

    path: str
    period_s: int = 10
    timeout_s: int = 5
    failure_threshold: int = 3


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder of the container. Exactly one of `pvc`, `host_path` and `medium` is set; `medium` "Memory" is a tmpfs."""

    name: str
    mount_path: str
    pvc: str | None = None
    host_path: str | None = None
    sub_path: str | None = None
    medium: Literal["Memory", ""] | None = None
    size_bytes: int | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class SecretRef:
    """An environment variable whose value stays in a Kubernetes Secret, or in the caller's environment elsewhere."""

    env: str
    secret: str | None
    key: str


@dataclass(frozen=True, slots=True)
class PlannedLoad:
    """What is to be measured on a server, for targets whose own client does it there. Named as in the benchmark group."""

    task: str = field(hash=False)  # what most loads are told apart by is enough for a hash
    scenarios: tuple[str, ...]
    concurrencies: tuple[int, ...]
    request_rates: tuple[float, ...] = ()
    max_time_s: float = field(default=60.0, hash=False)
    max_requests: int = field(default=100, hash=False)
    request_params: dict[str, Any] = field(default_factory=dict, hash=False)
    results_uri: str | None = field(default=None, hash=False)
    image: str | None = field(default=None, hash=False)
    """Image of the client, where that runs in a container."""


@dataclass(frozen=True, slots=True)
class Autoscaling:
    """How many servers there are, by the requests that wait: `queued_requests` a server, on average, are let wait."""

    kind: Literal["hpa", "keda"]
    min_replicas: int
    max_replicas: int
    queued_requests: int
    prometheus: str | None = None
    """Address of the Prometheus that KEDA asks."""


@dataclass(frozen=True)
class Deployment:
    """One server: what to start, with what, where. Emitters and executors see only this.

    `argv` is a list, never a string: `argv[0]` is the engine's command. `files` maps absolute paths in the container
    to their text. `gpus` counts the GPUs of the whole server; `gpus / nodes` on each node. `name` is a DNS label and a
    stable hash of everything that makes the server what it is.
    """

    name: str
    engine: str
    engine_version: str
    image: str
    argv: tuple[str, ...]
    env: dict[str, str]
    port: int
    gpus: int
    gpu_name: str
    gpu_vendor: Literal["nvidia", "amd", "cpu"]
    gpu_resource: str
    served_name: str
    model: str
    files: dict[str, str] = field(default_factory=dict)
    nodes: int = 1
    replicas: int = 1
    namespace: str = "default"
    volumes: tuple[Volume, ...] = ()
    secrets: tuple[SecretRef, ...] = ()
    shm_bytes: int = 0
    startup: Probe = Probe("/health", period_s=10, failure_threshold=180)
    readiness: Probe = Probe("/health", period_s=5)
    liveness: Probe = Probe("/health", period_s=20, failure_threshold=6)
    node_selector: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    """Further ports that other servers reach it at, by name (a DNS label of at most 15)."""
    parts: tuple[Deployment, ...] = ()
    """Servers that stand behind this one, found by their names; a router has them, and their GPUs count as its own."""
    weights_bytes: int = 0
    """Bytes to load, which the startup probe allows for."""
    loads: tuple[PlannedLoad, ...] = ()
    """What is to be measured on it. No part of what the server is, and so not in its name."""
    autoscaling: Autoscaling | None = None
    """Who counts the servers, in place of `replicas`."""
    disruption_budget: int | None = None
    """Pods that evictions may take down at once; None: no budget."""
    monitor: bool = False
    """Whether Prometheus is to be told where the engine's metrics are."""

    def of_point(
        self,
        labels: dict[str, str],
        annotations: dict[str, str],
        parts: tuple[Deployment, ...],
        loads: tuple[PlannedLoad, ...],
    ) -> Deployment:
        """The same server as a point has it."""
        own = {"labels": labels, "annotations": annotations, "parts": parts, "loads": loads}
        return of_fields(Deployment, self.__dict__ | own)

    def with_loads(self, loads: tuple[PlannedLoad, ...]) -> Deployment:
        """The same server, for these loads."""
        return of_fields(Deployment, self.__dict__ | {"loads": loads})

    @property
    def gpus_in_all(self) -> int:
        """GPUs of this server and of those behind it."""
        return self.gpus + sum(part.gpus_in_all for part in self.parts)

    def as_dict(self) -> dict[str, Any]:
        """What `compile --format json` shows; the rest is in the emitted manifests."""
        data: dict[str, Any] = {
            "name": self.name,
            "engine": self.engine,
            "engine_version": self.engine_version,
            "image": self.image,
            "argv": list(self.argv),
            "env": dict(self.env),
            "files": dict(self.files),
            "port": self.port,
            "gpus": self.gpus_in_all,
            "nodes": self.nodes,
            "served_name": self.served_name,
        }
        if self.parts:
            data["parts"] = [part.as_dict() for part in self.parts]
        return data


class OfServer(Protocol):
    """A point, as far as its server is concerned."""

    @property
    def server(self) -> str | None: ...
    @property
    def loads(self) -> tuple[PlannedLoad, ...]: ...
    @property
    def deployment(self) -> Deployment | None: ...


class Servers:
    """Each server once, the last of a name, with the loads of all: points may differ in their load alone."""

    def __init__(self) -> None:
        self._deployments: dict[str, Deployment | None] = {}
        self._loads: dict[str, dict[PlannedLoad, None]] = {}
        #: Most points follow one of the same server, and only the last one's deployment is kept.
        self._name: str | None = None
        self._loads_of_it: dict[PlannedLoad, None] = {}
        self._latest: OfServer | None = None

    def add(self, point: OfServer) -> None:
        """Take the server of one more point, if it has one."""
        name = point.server
        if name is None:
            return
        if name != self._name:
            self._end_server()
            self._name = name
            self._loads_of_it = self._loads.setdefault(name, {})
            self._deployments.setdefault(name)
        self._latest = point
        for load in point.loads:
            self._loads_of_it[load] = None

    def merged(self) -> list[Deployment]:
        """The servers in the order in which their names came."""
        self._end_server()
        return [
            deployment.with_loads(tuple(self._loads[name]))
            for name, deployment in self._deployments.items()
            if deployment is not None
        ]

    def _end_server(self) -> None:
        if self._latest is not None and self._name is not None:
            self._deployments[self._name] = self._latest.deployment


def merge_loads(points: Iterable[OfServer]) -> list[Deployment]:
    """The `Servers` of these."""
    servers = Servers()
    for point in points:
        servers.add(point)
    return servers.merged()


def with_endpoint(deployment: Deployment, host: str, port: int) -> Deployment:
    """The same server listening elsewhere: the values of `--host` and `--port`, which all engines share, are swapped.

    For executors on this machine, which choose a free port and the loopback address.
    """
    argv = list(deployment.argv)
    argv[argv.index("--host") + 1] = host
    argv[argv.index("--port") + 1] = str(port)
    return replace(deployment, argv=tuple(argv), port=port)
