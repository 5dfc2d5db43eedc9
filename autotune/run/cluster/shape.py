"""Where the executors' kinds differ: what is applied, which pods it becomes, where it answers. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from autotune.emit import emit_point
from autotune.engines.deployment import INSTANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.engines.deployment import Deployment

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: The label of the pods that OME makes of an InferenceService.
_OME_INSTANCE = "ome.io/inferenceservice"


class Shape:
    """`executor=kubernetes`: the target k8s."""

    target = "k8s"
    label = INSTANCE

    def documents(self, deployment: Deployment) -> list[dict[str, Any]]:
        """What `emit --target` prints for one server, those behind it left out, as data. Raises InputError (AT029)."""
        return self._emitted(deployment, f"{self.target}.yaml")

    def shared(self, deployment: Deployment) -> list[dict[str, Any]]:  # noqa: ARG002
        """What is emitted for a server and serves others too."""
        return []

    def container(self, deployment: Deployment) -> str:
        """The engine's container in the pods."""
        return deployment.engine

    def service(self, deployment: Deployment) -> tuple[str, int]:
        """The Service that the server answers at, and its port."""
        return deployment.name, deployment.port

    def selector(self, members: Sequence[Deployment]) -> str:
        """The label selector of the pods of these servers."""
        names = [member.name for member in members]
        return f"{self.label}={names[0]}" if len(names) == 1 else f"{self.label} in ({','.join(names)})"

    def pods_of(self, member: Deployment, pods: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of one server."""
        return [pod for pod in pods if pod["metadata"].get("labels", {}).get(self.label) == member.name]

    def _emitted(self, deployment: Deployment, name: str) -> list[dict[str, Any]]:
        text = emit_point(deployment, [self.target]).get(f"{deployment.name}/{name}", "")
        return [item for item in yaml.load_all(text, Loader=_LOADER) if item]


class OmeShape(Shape):
    """`executor=ome`: its controller makes the pods, and a Service named after the InferenceService (pkg/constants of
    sgl-project/ome).
    """

    target = "ome"
    label = _OME_INSTANCE

    def __init__(self, *, benchmarked: bool = False) -> None:
        #: Whether BenchmarkJobs measure: the InferenceService then names a model, and needs it.
        self._benchmarked = benchmarked

    def documents(self, deployment: Deployment) -> list[dict[str, Any]]:
        return self._emitted(self._loaded(deployment), "ome.yaml")

    def shared(self, deployment: Deployment) -> list[dict[str, Any]]:
        """The ClusterBaseModel, where BenchmarkJobs need one: every server of the same model has the same."""
        return self._emitted(self._loaded(deployment), "ome-model.yaml") if self._loaded(deployment).loads else []

    def container(self, deployment: Deployment) -> str:  # noqa: ARG002 - OME's own name for it
        return "ome-container"

    def service(self, deployment: Deployment) -> tuple[str, int]:
        return f"{deployment.name}-engine", deployment.port

    def _loaded(self, deployment: Deployment) -> Deployment:
        loads = tuple(load for load in deployment.loads if self._benchmarked and load.results_uri)
        return replace(deployment, loads=loads)
