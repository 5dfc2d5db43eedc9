"""Servers on command lines."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.importing.found_server import FoundServer

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_command(text_or_words: str | Sequence[str], where: str) -> FoundServer:
    """The one server that a command line starts. Raises InputError where it cannot be read."""
    try:
        words = shlex.split(text_or_words) if isinstance(text_or_words, str) else list(text_or_words)
    except ValueError as error:
        wrong = diagnostic("AT044", f"the command cannot be read: {error}", writer=Writer(Source.USER, where))
        raise InputError(wrong) from None
    env: dict[str, str] = {}
    while words and "=" in words[0] and not words[0].startswith("-"):
        name, _, value = words.pop(0).partition("=")
        env[name] = value
    return FoundServer(where, argv=tuple(words), env=env)
