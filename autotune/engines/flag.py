"""One row of an engine's table: where the value of a config path goes, and in which versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from autotune.engines.engine import Facts
    from autotune.engines.known import KnownFlags
    from autotune.schema import Config


@dataclass(frozen=True, slots=True)
class Lowering:
    """What a row's `convert` may look at."""

    config: Config
    facts: Facts
    known: KnownFlags


@dataclass(frozen=True, slots=True)
class Flag:
    """One row: what becomes of the value at `path` in versions from `since` up to, but without, `until`.

    Where it goes is one of
    - `flag`: a flag with the value; True writes the bare flag, None nothing, a tuple several values, a map JSON;
    - `flag` and `key`: one entry of the JSON that the flag takes; rows with the same flag are put together;
    - `key` alone: an entry of the engine's config file, dotted;
    - `env`: an environment variable;
    - none of them: the setting needs nothing here, and is not reported as dropped.

    `off` is the flag that False writes; a setting that only exists switched off has `off` and no `flag`.
    The value is first translated by `values` (what is not in it stays as it is), then by `convert`; False without `off`
    writes nothing. `also` are further flags, each with its values, that go with this one. `not_taken` are values of the
    config that these versions list and then refuse. `gpu_only` rows are dropped, with a warning, on a CPU.
    """

    path: str
    flag: str | None = None
    key: str | None = None
    env: str | None = None
    off: str | None = None
    since: str | None = None
    until: str | None = None
    values: Mapping[Any, Any] = field(default_factory=dict)
    convert: Callable[[Any, Lowering], Any] | None = None
    also: tuple[tuple[str, ...], ...] = ()
    not_taken: frozenset[str] = frozenset()
    gpu_only: bool = False

    def holds_for(self, version: str) -> bool:
        """Whether the row is active in a version."""
        at = Version(version)
        return (self.since is None or Version(self.since) <= at) and (self.until is None or at < Version(self.until))

    @property
    def target(self) -> str | None:
        """The flag, variable or key as a person would name it."""
        if self.flag is not None and self.key is not None:
            return f"{self.flag} {self.key}"
        return self.flag or self.env or self.key or self.off
