"""Command lines and names of others, as they may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import hide_secrets, holds_secret
from autotune.diagnostics.secrets import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable


def printable(text: str) -> str:
    """One line, without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def without_secrets(argv: Iterable[str]) -> list[str]:
    """The words of a command; hidden is what follows a flag of a secret's name, and what has the form of one."""
    flag = ""
    words: list[str] = []
    for word in argv:
        if word.startswith("-"):
            flag, equals, value = word.partition("=")
            words.append(f"{flag}={HIDDEN}" if equals and holds_secret(flag, value) else hide_secrets(word))
        else:
            hidden = hide_secrets(word)
            words.append(HIDDEN if holds_secret(flag, hidden) else hidden)
    return words
