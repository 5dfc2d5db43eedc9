"""Server logs: their end, and the place of an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Enough for the traceback of every process of an engine, one quoted in the other.
TAIL_BYTES = 131_072


def read_tail(log: Path, size: int = TAIL_BYTES) -> str:
    """The last `size` bytes as text, empty when there is no such file."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - size))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def set_aside(log: Path) -> None:
    """Give an existing log the next free number (`server.1.log`), so that each try has its own."""
    if not log.exists() and not log.is_symlink():
        return
    number = 1
    while (place := log.with_suffix(f".{number}{log.suffix}")).exists():
        number += 1
    log.rename(place)
