"""What every request works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

if TYPE_CHECKING:
    from autotune.store import Store
    from autotune.web.reading import RunReader
    from autotune.web.settings import WebSettings
    from autotune.workspace.load import Workspace


@dataclass(frozen=True, slots=True)
class WebState:
    """Made once when the server starts; safe to read from several threads."""

    settings: WebSettings
    workspace: Workspace
    store: Store
    runs: RunReader


def web_state(request: Request) -> WebState:
    """The state of the server that this request came to."""
    return cast("WebState", request.app.state.web)


#: A parameter of a route: `def page(state: State) -> ...`.
State = Annotated["WebState", Depends(web_state)]
