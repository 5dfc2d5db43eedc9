"""What every request goes through before anything else: whose it is, whether it may, how large it is, how often."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from fastapi import HTTPException
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse

from autotune.diagnostics import InputError
from autotune.web.paging import asked_as
from autotune.web.problems import problem, wants_page
from autotune.web.rates import Rate
from autotune.web.secrets import COOKIE
from autotune.web.settings import is_loopback

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from autotune.web.answers import Answers
    from autotune.web.paging import Finished
    from autotune.web.secrets import Keys
    from autotune.web.settings import WebSettings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Open without a token: who asks whether the server lives, and what the login page needs.
_OPEN = ("/health", "/login", "/static/app.css", "/static/forms.css")
#: May be posted to when nothing may be changed.
_SESSION = ("/login", "/logout")
#: Names that the loopback interface has in a Host header. Others are a site that had its name point here (DNS rebinding).
_LOOPBACK_NAMES = ("localhost",)
#: Tries of a wrong token by one client: that many at once, and one more every ten seconds.
_TRIES, _TRIES_PER_S = 10.0, 0.1
_BURST = 3.0
#: What many look at at once: its answers are sent again from here, before any route is looked for.
_KEPT = "/api/v2/experiments"

#: Scripts and styles are files of ours, never part of a page. The <style> elements that Plotly makes are taken from it by
#: static/plot.js.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: forms would be sent with `Origin: null`, which is what a foreign page's look like.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Guard:
    """ASGI middleware. What it refuses is answered as problem+json, or as a page for a browser."""

    def __init__(self, app: ASGIApp, settings: WebSettings, keys: Keys, answers: Answers) -> None:
        self._app = app
        self._settings = settings
        self._keys = keys
        self._answers = answers
        self._reads = Rate(settings.reads_per_s, max(settings.reads_per_s, 1.0) * _BURST)
        self._writes = Rate(settings.writes_per_s, max(settings.writes_per_s, 1.0) * _BURST)
        self._failures = Rate(_TRIES_PER_S, _TRIES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        secured = _with_headers(send, private=self._keys.needed)
        refused = self._refuse(request)
        if refused is not None:
            await refused(scope, receive, secured)
            return
        if request.method == "GET" and request.url.path == _KEPT and (kept := self._find(request)) is not None:
            await kept.send(request)(scope, receive, secured)
            return
        await self._app(scope, _limited(receive, self._settings.max_body_bytes), secured)

    def _find(self, request: Request) -> Finished | None:
        """An answer that is kept; a store that does not answer is the route's to tell of."""
        try:
            return self._answers.find(asked_as(request))
        except InputError:
            return None

    def _refuse(self, request: Request) -> Response | None:
        client = request.client.host if request.client is not None else ""
        safe = request.method in _SAFE
        if self._settings.is_local and not _is_local_name(request.headers.get("host", "")):
            return problem(
                request, 421, "this server answers for this machine alone, by the name localhost or 127.0.0.1"
            )
        wait_s = (self._reads if safe else self._writes).take(client)
        if wait_s:
            return problem(request, 429, "too many requests", headers={"Retry-After": str(wait_s)})
        length = request.headers.get("content-length", "0")
        if not length.isdecimal():
            return problem(request, 400, "Content-Length is no number")
        if len(length) > 12 or int(length) > self._settings.max_body_bytes:
            return problem(request, 413, f"a body may have {self._settings.max_body_bytes:,} bytes")
        bearer = self._bearer(request)
        if (refused := self._authenticate(request, client, bearer)) is not None:
            return refused
        if safe:
            return None
        if not bearer and not _same_origin(request):
            return problem(request, 403, "the request was sent by a page of another site")
        if self._settings.read_only and request.url.path not in _SESSION:
            return problem(request, 403, "this server is read-only")
        return None

    def _bearer(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._keys.is_token(token.strip())

    def _authenticate(self, request: Request, client: str, bearer: bool) -> Response | None:
        if not self._keys.needed or bearer or request.url.path in _OPEN:
            return None
        if "authorization" not in request.headers:
            if self._keys.is_session(request.cookies.get(COOKIE, "")):
                return None
        elif wait_s := self._failures.take(client):
            return problem(request, 429, "too many wrong tokens", headers={"Retry-After": str(wait_s)})
        if wants_page(request) and request.method in _SAFE:
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?back={quote(back, safe='')}", status_code=303)
        return problem(
            request, 401, "a token is needed: send `Authorization: Bearer TOKEN`, or log in at /login",
            headers={"WWW-Authenticate": 'Bearer realm="autotune"'},
        )  # fmt: skip


def is_from_browser(request: Request) -> bool:
    """Whether a browser sent it, which is what forged requests are sent by; browsers always say where a POST comes from."""
    return "origin" in request.headers or "sec-fetch-site" in request.headers or "cookie" in request.headers


def _same_origin(request: Request) -> bool:
    """Whether an unsafe request is from a page of ours, or from no page at all."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _is_local_name(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname if host else None
    return name is not None and (name in _LOOPBACK_NAMES or is_loopback(name))


def _limited(receive: Receive, most: int) -> Receive:
    """The body of a request, as long as it is not too large, whatever its headers say."""
    got = 0

    async def next_part() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > most:
            raise HTTPException(413, f"a body may have {most:,} bytes")
        return message

    return next_part


def _with_headers(send: Send, *, private: bool) -> Send:
    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if private:
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with
