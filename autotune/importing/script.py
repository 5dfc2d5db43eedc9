"""The scripts that `autotune emit` writes: shell.sh and docker.sh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.importing.command_line import read_commands

if TYPE_CHECKING:
    from autotune.importing.found_server import FoundServer


def read_script(text: str, where: str) -> list[FoundServer]:
    """The server of an emitted script, which is shell like any other."""
    return read_commands(text, where)
