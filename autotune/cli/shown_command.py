"""Command lines of others, as they may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import hide_secrets, holds_secret
from autotune.diagnostics.secrets import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable


def without_secrets(argv: Iterable[str]) -> list[str]:
    """The words of a command, secrets hidden by the flag before them."""
    flag = ""
    words: list[str] = []
    for word in argv:
        if word.startswith("-"):
            flag, equals, value = word.partition("=")
            words.append(f"{flag}={HIDDEN}" if equals and holds_secret(flag, value) else hide_secrets(word))
        else:
            words.append(HIDDEN if holds_secret(flag, word) else hide_secrets(word))
    return words
