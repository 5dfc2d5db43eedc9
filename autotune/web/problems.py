"""What is wrong with a request: problem+json (RFC 9457) for programs, a page for people."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from autotune.diagnostics import InputError, Severity, UnknownNameError, hide_secrets, ordered, unique
from autotune.store.troubles import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.diagnostics import Diagnostic

MEDIA_TYPE = "application/problem+json"
#: The `type` of a problem whose reasons are the diagnostics in it; others are about:blank, and mean their status.
INPUT_TYPE = "urn:autotune:problem:diagnostics"

#: The status of what a diagnostic refuses; every other code is 422.
_STATUS = {
    "AT031": 409,  # a run whose points are others by now; what is unknown and what is broken have classes of their own
    "AT032": 409,
    "AT049": 409,
    "AT050": 507,
    "AT063": 409,
    "AT080": 403,
    "AT081": 429,
}
_log = logging.getLogger(__name__)


class ProblemResponse(Response):
    media_type = MEDIA_TYPE


def register(app: FastAPI) -> None:
    """Have the application answer every refusal and every mistake of its own in this form."""
    app.add_exception_handler(InputError, _input)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    diagnostics: Iterable[Diagnostic] = (),
    errors: Iterable[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for a refused request: a page where a browser asks for one, else problem+json. Secrets are not repeated."""
    found = list(diagnostics)
    detail = hide_secrets(detail)
    if wants_page(request):
        from autotune.web.pages.rendering import render

        page = render(request, "error", status=status, code=status, title=HTTPStatus(status).phrase, detail=detail,
                      findings=[shown(item) for item in found])  # fmt: skip
        page.headers.update(headers or {})
        return page
    data = problem_data(status, detail, request.url.path, found, errors)
    return ProblemResponse(json.dumps(data, ensure_ascii=False), status_code=status, headers=dict(headers or {}))


def problem_data(
    status: int,
    detail: str,
    path: str,
    diagnostics: Iterable[Diagnostic] = (),
    errors: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A problem as plain data. `errors` are the fields of the request that are wrong: `{pointer, detail}`."""
    found = [shown(item) for item in diagnostics]
    data: dict[str, Any] = {
        "type": INPUT_TYPE if found else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": path,
    }
    if found:
        data["diagnostics"] = found
    if wrong := list(errors):
        data["errors"] = wrong
    return data


def shown(item: Diagnostic) -> dict[str, Any]:
    """A diagnostic as plain data, without the secrets that its message may repeat."""
    return {key: hide_secrets(value) if isinstance(value, str) else value for key, value in item.as_dict().items()}


def wants_page(request: Request) -> bool:
    """Whether a browser, or htmx in it, asks for something to look at."""
    if request.url.path.startswith(("/api/", "/health")):
        return False
    return "text/html" in request.headers.get("accept", "") or request.headers.get("hx-request") == "true"


def status_of(error: InputError) -> int:
    """The status of a refused request, by what refuses it."""
    if isinstance(error, UnknownNameError):
        return 404
    if isinstance(error, StoreError):
        return 503
    codes = [item.code for item in error.diagnostics if item.severity is Severity.ERROR]
    return _STATUS.get(codes[0], 422) if codes else 422


async def _input(request: Request, error: Exception) -> Response:
    assert isinstance(error, InputError)
    found = ordered(unique(error.diagnostics))
    detail = found[0].message if found else str(error)
    if len(found) > 1:
        detail += f" (and {len(found) - 1} more)"
    return problem(request, status_of(error), detail, diagnostics=found)


async def _validation(request: Request, error: Exception) -> Response:
    """What is malformed is 400; what is well formed and wrong is 422. The input itself is not repeated."""
    assert isinstance(error, RequestValidationError)
    wrong = [
        {"pointer": "/".join(map(str, item["loc"])), "detail": hide_secrets(str(item["msg"]))}
        for item in error.errors()
    ]
    broken = any(item["type"] == "json_invalid" for item in error.errors())
    detail = "; ".join(f"{item['pointer']}: {item['detail']}" for item in wrong[:3]) or "the request is wrong"
    return problem(request, 400 if broken else 422, detail, errors=wrong)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    return problem(request, error.status_code, str(error.detail), headers=headers)


def _methods(request: Request) -> list[str]:
    """What may be done with an address; the framework names the methods of the first route that has it alone."""
    from autotune.web.api import API
    from autotune.web.pages import PAGES

    found: set[str] = set()
    for route in (route for router in (*API, *PAGES) for route in router.routes):
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= set(getattr(route, "methods", None) or ())
    return sorted(found)


async def _bug(request: Request, error: Exception) -> Response:
    _log.exception("a request to %s failed", request.url.path, exc_info=error)
    return problem(request, 500, "this is a mistake of autotune; the server's log has what happened")
