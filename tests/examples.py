"""How many examples property tests take: a share of them every day, all with AUTOTUNE_ALL_EXAMPLES=1, which `make test` sets."""

from __future__ import annotations

import os

ALL = bool(os.environ.get("AUTOTUNE_ALL_EXAMPLES"))


def examples(count: int) -> int:
    """Of so many examples, those that are taken this time."""
    return count if ALL else max(count // 3, 10)
