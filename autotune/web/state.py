"""What every request works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

if TYPE_CHECKING:
    from autotune.store import Store
    from autotune.web.answers import Answers
    from autotune.web.events import Watchers
    from autotune.web.jobs import Jobs
    from autotune.web.rates import Rate
    from autotune.web.reading import RunReader
    from autotune.web.secrets import Keys
    from autotune.web.settings import WebSettings
    from autotune.web.workbench import Workbench
    from autotune.workspace.load import Workspace


@dataclass(frozen=True, slots=True)
class WebState:
    """Made once when the server starts; safe to read from several threads."""

    settings: WebSettings
    bench: Workbench
    store: Store
    runs: RunReader
    jobs: Jobs
    watchers: Watchers
    keys: Keys
    #: Wrong tokens by client.
    tries: Rate
    answers: Answers

    @property
    def workspace(self) -> Workspace:
        """The configs, profiles and catalog as they are now. What a client names is not looked for in any folder."""
        return self.bench.workspace


async def web_state(request: Request) -> WebState:
    """The state of the server that this request came to. Async, because FastAPI would run it in a thread otherwise."""
    return cast("WebState", request.app.state.web)


#: A parameter of a route: `def page(state: State) -> ...`.
State = Annotated["WebState", Depends(web_state)]
