"""Profiles that clients write: the user's own, which may say what a request may say and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import Diagnostic, InputError, Source, Writer, diagnostic
from autotune.web.admission import keeps_to_engine
from autotune.workspace import profile_files

if TYPE_CHECKING:
    from pathlib import Path

    from autotune.workspace.profiles import ProfileShelf


def check_profile(shelf: ProfileShelf, name: str, text: str) -> list[Diagnostic]:
    """What keeps this text from being saved under this name; empty when nothing does."""
    found = profile_files.check_profile(shelf, name, text)
    return found or _of_the_machine(shelf, name, text)


def save_profile(shelf: ProfileShelf, name: str, text: str, *, replace: bool = False) -> Path:
    """As `profile_files.save_profile`; AT080 for a profile that names something of this machine."""
    if found := check_profile(shelf, name, text):
        raise InputError(*found)
    return profile_files.save_profile(shelf, name, text, replace=replace)


def _of_the_machine(shelf: ProfileShelf, name: str, text: str) -> list[Diagnostic]:
    profile = shelf.parse(name, text, f"{name}.yaml")
    return [
        diagnostic(
            "AT080", f"{path} names {what}, which a request may not", path=path,
            writer=Writer(Source.PROFILE, f"{name}.yaml", profile=name, layer=layer.name),
            help="write the file on the machine that serves the page",
        )
        for layer in profile.layers.values()
        for path, what in keeps_to_engine({path: value for path, value, _ in layer.writes})
    ]  # fmt: skip
