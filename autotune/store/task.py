"""A task file as it was given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Task:
    """The text of a task file, known by its hash; `version` is that of the config: 1 for a flat task, 2 for a grouped one.

    `migrated_from` is the hash of the v1 task that a v2 task was made from.
    """

    text: str
    name: str
    version: Literal[1, 2] = 2
    migrated_from: str | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode(errors="surrogatepass")).hexdigest()
