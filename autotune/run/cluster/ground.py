"""What a load client in the cluster has to do with: the server, its connection and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from autotune.schema import stable_hash

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment
    from autotune.run.cluster.api import Cluster
    from autotune.run.cluster.belongings import Belongings
    from autotune.run.cluster.shape import Shape
    from autotune.run.cluster.sight import Sight
    from autotune.schema import KubernetesExecutor

#: Longest name of a Job whose pods have names that begin with all of it: they are cut at 63, five random letters included.
_NAME_LENGTH = 57
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Ground:
    """One server that is ready. `address` is where it answers inside the cluster."""

    cluster: Cluster
    sight: Sight
    belongings: Belongings
    settings: KubernetesExecutor
    deployment: Deployment
    address: str
    run_id: str
    shape: Shape

    @property
    def model_server(self) -> Deployment:
        """A server that holds the model: one of those behind a router."""
        return self.deployment.parts[0] if self.deployment.parts else self.deployment

    def new_name(self) -> str:
        """A name that nothing of this run has had: Jobs are never changed, and the last one may still be on its way out."""
        digest = stable_hash([self.run_id, self.deployment.name, next(_NUMBERS)])
        return f"{self.deployment.name[: _NAME_LENGTH - len(digest) - 1]}-{digest}"
