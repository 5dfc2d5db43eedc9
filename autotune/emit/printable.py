"""Whether a text can stand on one line: what many files of a server hold is looked through once."""

from __future__ import annotations

import functools


@functools.lru_cache(maxsize=256)
def is_printable(text: str) -> bool:
    """`str.isprintable`, which looks at each character."""
    return text.isprintable()
