"""Servers that only show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from autotune.web.state import WebState


def changeable(state: WebState) -> None:
    """Refuse the request (403) where nothing may be started, changed or removed."""
    if state.settings.read_only:
        raise HTTPException(403, "this page is read only: it was started with --read-only")
