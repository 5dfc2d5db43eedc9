"""Which engine and which version of its flag table is meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from autotune.diagnostics import InputError, diagnostic, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.engines.engine import Engine


def find_engine(name: str, engines: Mapping[str, Engine]) -> Engine:
    """The engine of that name.

    Raises InputError (AT020) with the names known.
    """
    if name in engines:
        return engines[name]
    raise InputError(
        diagnostic("AT020", f"unknown engine {name!r}", path="system.backend", help=suggest(name, engines))
    )


def resolve_version(engine: Engine, wanted: str | None) -> str:
    """The version of the flag table that `wanted` is lowered for; None is the newest.

    Flags change between minor releases, rarely between patches: `0.33`, `v0.33.0` and `0.33.1-cu129` all mean the known
    release of 0.33 (the newest one that is not past `wanted`, where a minor has several). Another minor would be a guess.
    Where an engine's third number is its minor, as in SGLang's 0.5.23, the engine says so by `minor_parts` = 3 (default 2).
    Raises InputError (AT020) with the versions known.
    """
    known = engine.versions()
    if wanted is None:
        return known[-1]
    asked = read_version(wanted)
    minor = () if asked is None else _minor(asked, getattr(engine, "minor_parts", 2))
    same = [item for item in known if Version(item).release[: len(minor)] == minor]
    if not same or asked is None:
        message = f"flags of {engine.name} {wanted} are not known"
        raise InputError(diagnostic("AT020", message, path="system.backend_version", help=f"known: {', '.join(known)}"))
    if len(asked.release) < 3:
        return same[-1]
    return next((item for item in reversed(same) if Version(item) <= asked), same[0])


def _minor(asked: Version, parts: int) -> tuple[int, ...]:
    """The numbers that must be those of a known release: `parts` of them, or as many as were given, two at least."""
    given = max(2, min(parts, len(asked.release)))
    return (*asked.release, 0)[:given]


def read_version(text: str) -> Version | None:
    """A version as people and image tags write it (`v0.5.2-cu126`); None where no number leads."""
    try:
        return Version(text)
    except InvalidVersion:
        match = re.match(r"v?(\d+(?:\.\d+)*)", text)
        return None if match is None else Version(match[1])
