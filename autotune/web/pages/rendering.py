"""Templates of the pages: everything escaped, nothing undefined let pass."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import HTMLResponse

from autotune import __version__
from autotune.report.html import environment
from autotune.resources import folder
from autotune.web.secrets import COOKIE

if TYPE_CHECKING:
    from fastapi import Request
    from jinja2 import Environment


class Link(NamedTuple):
    path: str
    title: str


#: The navigation, on every page.
NAVIGATION = (
    Link("/", "Home"),
    Link("/new", "New"),
    Link("/runs", "Runs"),
    Link("/results", "Results"),
    Link("/profiles", "Profiles"),
    Link("/models", "Models and systems"),
    Link("/verify", "Verify"),
    Link("/migrate", "Migrate"),
    Link("/manifests", "Manifests"),
)


def render(request: Request, name: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The template `web/NAME.html.j2` with these values, `navigation`, `path`, `settings` and `version`."""
    state = request.app.state.web
    # The login page, and refusals, are shown to anybody: the mark of our forms is not.
    trusted = not state.keys.needed or state.keys.is_session(request.cookies.get(COOKIE, ""))
    page = _environment().get_template(f"web/{name}.html.j2")
    return HTMLResponse(
        page.render(
            navigation=NAVIGATION,
            path=request.url.path,
            settings=state.settings,
            csrf_token=state.keys.csrf if trusted else "",
            logged_in=trusted and state.keys.needed,
            version=__version__,
            **values,
        ),
        status_code=status,
    )


@functools.cache
def _environment() -> Environment:
    return environment(folder("templates"))
