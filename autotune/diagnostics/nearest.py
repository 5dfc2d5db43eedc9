"""Nearest known names, for the help line of an unknown one."""

from __future__ import annotations

import functools
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Up to `count` known names that resemble `name`, best first, regardless of case."""
    return list(_nearest(name, tuple(known), count))


@functools.lru_cache(maxsize=256)
def _nearest(name: str, known: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Kept, as every point of a sweep has the same mistake, and an engine has hundreds of flags to compare it with."""
    by_folded = {item.casefold(): item for item in known}
    return tuple(by_folded[hit] for hit in get_close_matches(name.casefold(), by_folded, count, 0.5))


def suggest(name: str, known: Iterable[str], limit: int = 12) -> str:
    """A help line: the nearest names, or all of them when there are few, or how many there are."""
    names = sorted(known)
    if close := nearest(name, names):
        return f"did you mean {' or '.join(close)}?"
    if len(names) <= limit:
        return f"known: {', '.join(names)}"
    return f"none of the {len(names)} known names is near; for example {', '.join(names[:limit])}"
