"""What an engine is to the compiler: one method over plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from autotune.catalog.facts import Gpu, ModelFacts
    from autotune.diagnostics import Diagnostic
    from autotune.engines.deployment import Deployment
    from autotune.schema import Config


@dataclass(frozen=True, slots=True)
class Facts:
    """What the lowering may know beside the config. Resolved from the catalog before any layer is applied."""

    model: ModelFacts
    gpu: Gpu
    gpus_per_node: int
    engine: str
    engine_version: str


@dataclass(frozen=True, slots=True)
class Lowered:
    """A deployment and what was found while making it (dropped settings, unknown values)."""

    deployment: Deployment
    diagnostics: tuple[Diagnostic, ...] = ()


class Engine(Protocol):
    """One inference engine. Implementations are one module each, listed in `autotune.engines.ENGINES`."""

    name: str

    def versions(self) -> tuple[str, ...]:
        """Versions whose flags are known, oldest first."""
        ...

    def lower(self, config: Config, facts: Facts) -> Lowered:
        """The server that this config means. Pure; never raises for a config that passed the schema."""
        ...
