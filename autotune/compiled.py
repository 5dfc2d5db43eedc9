"""What the compiler makes of one point of a sweep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import has_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.diagnostics import Diagnostic, Writer
    from autotune.engines.deployment import Deployment
    from autotune.engines.engine import Facts
    from autotune.layers import Layered
    from autotune.schema import Config


@dataclass(frozen=True)
class CompiledPoint:
    """One point: its config, the server it means, and everything that is known of how it came about.

    `config`, `deployment` and `facts` are None where an error kept the point from getting that far; `data` is the
    grouped config as plain data in every case. `origin` maps each dotted path to the writer whose value stands.
    """

    id: str
    overrides: tuple[str, ...]
    profiles: tuple[str, ...]
    data: dict[str, Any]
    config: Config | None
    facts: Facts | None
    deployment: Deployment | None
    applied_layers: tuple[str, ...]
    origin: dict[str, Writer]
    diagnostics: tuple[Diagnostic, ...]
    swept: tuple[str, ...] = ()
    """The part of `overrides` that differs between the points of the sweep."""
    record: Layered | Callable[[], Layered] | None = field(default=None, repr=False, compare=False)
    """What `layered` gives, or what makes it."""

    @property
    def layered(self) -> Layered | None:
        """The record of every layer and write, for `explain`."""
        return self.record() if callable(self.record) else self.record

    def brief(self, deployment: Deployment | None) -> CompiledPoint:
        """Who the point is and what was found, for those who keep very many; with `deployment` for its own, which may be that of
        another point of the server.
        """
        return CompiledPoint(
            self.id, (), self.profiles, {}, None, self.facts, deployment, self.applied_layers, {},
            self.diagnostics, self.swept,
        )  # fmt: skip

    @property
    def runnable(self) -> bool:
        return self.deployment is not None and not has_errors(self.diagnostics)

    def as_dict(self) -> dict[str, Any]:
        """One element of `compile --format json`."""
        return {
            "id": self.id,
            "overrides": list(self.overrides),
            "profiles": list(self.profiles),
            "config": self.data,
            "deployment": None if self.deployment is None else self.deployment.as_dict(),
            "applied_layers": list(self.applied_layers),
            "origin": {path: str(writer) for path, writer in self.origin.items()},
            "diagnostics": [item.as_dict() for item in self.diagnostics],
        }
