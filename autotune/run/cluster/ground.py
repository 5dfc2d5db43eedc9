"""What a load client in the cluster has to do with: the server, its connection and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment
    from autotune.run.cluster.api import Cluster
    from autotune.run.cluster.belongings import Belongings
    from autotune.run.cluster.shape import Shape
    from autotune.run.cluster.sight import Sight
    from autotune.schema import KubernetesExecutor

#: Longest name of a Job whose pods have names that begin with all of it: they are cut at 63, five random letters included.
_NAME_LENGTH = 57
_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Ground:
    """One server that is ready. `address` is where it answers inside the cluster."""

    cluster: Cluster
    sight: Sight
    belongings: Belongings
    settings: KubernetesExecutor
    deployment: Deployment
    address: str
    shape: Shape

    @property
    def model_server(self) -> Deployment:
        """A server that holds the model: one of those behind a router."""
        return self.deployment.parts[0] if self.deployment.parts else self.deployment

    def new_name(self) -> str:
        """A name that nothing has had: Jobs are never changed, and that of a run before may still be on its way out."""
        return f"{self.deployment.name[: _NAME_LENGTH - _DIGITS - 1]}-{token_hex(_DIGITS // 2)}"
