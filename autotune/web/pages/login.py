"""Logging in with the token, where there is one; and the mark that forms of this page bear."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from autotune.web.guard import is_from_browser
from autotune.web.pages.rendering import render
from autotune.web.secrets import COOKIE
from autotune.web.state import State

router = APIRouter()

#: The form field, and the header, that hold the mark.
FIELD, HEADER = "csrf_token", "x-csrf-token"
_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@router.get("/login")
def login_page(request: Request, state: State, back: str = "/") -> Response:
    if not state.keys.needed:
        return RedirectResponse("/", status_code=303)
    return render(request, "login", back=_inside(back), wrong=False)


@router.post("/login")
def login(
    request: Request,
    state: State,
    token: Annotated[str, Form(max_length=500)] = "",
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    client = request.client.host if request.client is not None else ""
    if not state.keys.is_token(token.strip()):
        wait_s = state.tries.take(client)
        if wait_s:
            raise HTTPException(429, "too many wrong tokens", {"Retry-After": str(wait_s)})
        return render(request, "login", status=401, back=_inside(back), wrong=True)
    answer = RedirectResponse(_inside(back), status_code=303)
    answer.set_cookie(
        COOKIE, state.keys.session, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
    )
    return answer


@router.post("/logout")
def logout() -> Response:
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


async def check_form(request: Request, state: State) -> None:
    """Refuse what a browser sends that bears no mark of ours: another site's form. A dependency of every page."""
    if request.method not in _UNSAFE or request.url.path == "/login" or not is_from_browser(request):
        return
    mark = request.headers.get(HEADER)
    if mark is None:
        field = (await request.form()).get(FIELD)
        mark = field if isinstance(field, str) else ""
    if not state.keys.is_csrf(mark):
        raise HTTPException(403, "the form is none of this server's, or an old one; load the page again")


def _inside(back: str) -> str:
    """An address on this server, whatever was asked for."""
    plain = back.startswith("/") and not back.startswith(("//", "/\\")) and all(" " < char < "\x7f" for char in back)
    return back if plain and "\\" not in back else "/"
