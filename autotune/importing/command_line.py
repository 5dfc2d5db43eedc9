"""Servers on command lines."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.importing.found_server import FoundServer
from autotune.importing.launch import base_name, find_launch, find_script

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPERATORS = frozenset({"&", "&&", "||", "|", ";", "(", ")"})
_CONTAINERS = frozenset({"docker", "podman", "nerdctl"})


def read_command(text_or_words: str | Sequence[str], where: str) -> FoundServer:
    """The one server that a command line starts. Raises InputError (AT044) where it cannot be read or starts none."""
    try:
        words = (
            shlex.split(text_or_words.replace("\\\n", " "), comments=text_or_words.startswith("#!"))
            if isinstance(text_or_words, str)
            else list(text_or_words)
        )
    except ValueError as error:
        raise _wrong(f"the command cannot be read: {error}", where, "close the quote, or escape it") from None
    env: dict[str, str] = {}
    while words and "=" in words[0] and not words[0].startswith("-"):
        name, _, value = words.pop(0).partition("=")
        env[name] = value
    if words and base_name(words[0]) in _CONTAINERS:
        raise _wrong(
            f"`{base_name(words[0])}` commands are not read",
            where,
            f"`{base_name(words[0])} inspect NAME` says it of a running container: give its output as `-`",
        )
    if isinstance(text_or_words, str) and not _OPERATORS.isdisjoint(words):
        raise _wrong("only one simple command is read", where, "give the command that starts the server alone")
    if find_launch(words) is None and find_script(words) is None:
        raise _wrong(
            "the command starts no engine that is known here",
            where,
            "known are vllm serve, python -m sglang.launch_server, trtllm-serve and transformers serve",
        )
    return FoundServer(where, argv=tuple(words), env=env)


def _wrong(message: str, where: str, remedy: str) -> InputError:
    return InputError(diagnostic("AT044", message, writer=Writer(Source.USER, where), help=remedy))
