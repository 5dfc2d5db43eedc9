"""What cannot be read as a server, as an error that says where it stood."""

from __future__ import annotations

from autotune.diagnostics import InputError, Source, Writer, diagnostic

#: Characters of somebody else's text that a message repeats.
_SHOWN = 80


def refuse(message: str, where: str, advice: str, line: int | None = None) -> InputError:
    """AT042: nothing here that starts an engine, or nothing that can be read."""
    return InputError(diagnostic("AT042", message, writer=Writer(Source.USER, where, line), help=advice))


def shorten(text: str) -> str:
    """Text for a message: one line, not too long of it."""
    plain = text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 3]}..."
