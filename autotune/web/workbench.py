"""The workspace of a web server: as the command line's, but that no folder a client names is looked into."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.workspace.load import Workspace, load_workspace

if TYPE_CHECKING:
    from autotune.catalog.facts import ModelFacts

#: Profiles are looked for again after this long, in s: files change under a server that runs for weeks.
_AGE_S = 2.0


class Workbench:
    """A workspace whose profiles stay those on this machine. Safe to use from several threads."""

    def __init__(self) -> None:
        found = load_workspace()
        self._now = replace(found, world=replace(found.world, read_model=_no_folder))
        self._due = time.monotonic() + _AGE_S

    @property
    def workspace(self) -> Workspace:
        if time.monotonic() >= self._due:
            self.refresh()
        return self._now

    def refresh(self) -> None:
        """Look for profiles again, now."""
        self._due = time.monotonic() + _AGE_S
        self._now.shelf.refresh()


def _no_folder(name: str) -> ModelFacts | None:  # noqa: ARG001
    return None
