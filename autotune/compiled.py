"""What the compiler makes of one point of a sweep."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotune.diagnostics import has_errors
from autotune.frozen import of_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.diagnostics import Diagnostic, Writer
    from autotune.engines.deployment import Deployment, PlannedLoad
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

    @classmethod
    def with_late(cls, fields: dict[str, Any], late: Callable[[], dict[str, Any]]) -> CompiledPoint:
        """A point that makes some of its fields when one of them is first asked for: `late` gives those that `fields` has not.

        `fields` holds `server`, `loads` and `runnable` as well. Of the points of a sweep few are looked at closely.
        """
        fields["_late"] = late
        return of_fields(cls, fields)

    if not TYPE_CHECKING:  # a type checker would take it that there is an attribute of every name

        def __getattr__(self, name: str) -> Any:
            fields = self.__dict__
            if (late := fields.get("_late")) is not None:
                fields.update(late())
                fields.pop("_late", None)  # last, so that another thread finds the one or the other
            if name in fields:
                return fields[name]
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getstate__(self) -> dict[str, Any]:
        _ = self.deployment  # what is late stays here
        return self.__dict__

    @functools.cached_property
    def server(self) -> str | None:
        """The name of the deployment."""
        return None if self.deployment is None else self.deployment.name

    @functools.cached_property
    def loads(self) -> tuple[PlannedLoad, ...]:
        """What is to be measured on the server."""
        return () if self.deployment is None else self.deployment.loads

    @property
    def layered(self) -> Layered | None:
        """The record of every layer and write, for `explain`."""
        return self.record() if callable(self.record) else self.record

    def brief(self) -> CompiledPoint:
        """Who the point is and what was found, for those who keep very many: without overrides, data and deployment."""
        fields = {
            "id": self.id, "profiles": self.profiles, "facts": self.facts, "applied_layers": self.applied_layers,
            "diagnostics": self.diagnostics, "swept": self.swept, "server": self.server,
            "runnable": self.runnable,
        }  # fmt: skip
        return CompiledPoint.with_late(fields, _nothing)

    def with_diagnostics(self, diagnostics: tuple[Diagnostic, ...]) -> CompiledPoint:
        """The same point with these findings for its own."""
        runnable = self.server is not None and not has_errors(diagnostics)
        return of_fields(CompiledPoint, self.__dict__ | {"diagnostics": diagnostics, "runnable": runnable})

    @functools.cached_property
    def runnable(self) -> bool:
        return self.server is not None and not has_errors(self.diagnostics)

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


def _nothing() -> dict[str, Any]:
    """What a brief point is without."""
    return {
        "overrides": (), "data": {}, "config": None, "deployment": None, "origin": {}, "record": None, "loads": (),
    }  # fmt: skip
