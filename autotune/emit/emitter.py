"""What an emitter is: a Deployment in, named texts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from autotune.engines.deployment import Deployment


class Emitter(Protocol):
    """One target. Implementations are one module each, listed in `autotune.emit.EMITTERS`."""

    def emit(self, deployment: Deployment) -> dict[str, str]:
        """File name -> text. Pure and deterministic: the same deployment gives the same bytes.

        Raises InputError (AT029) where the target cannot hold the deployment.
        """
        ...
