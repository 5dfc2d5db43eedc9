"""The refusals that routes declare in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from autotune.web.api.shapes import Problem
from autotune.web.problems import MEDIA_TYPE

_WORDS = {
    400: "The request is malformed.",
    401: "The token is missing or wrong.",
    403: "It may not be done here: the page is read-only, or the request names something of the machine.",
    404: "There is none of that name.",
    409: "It is not in a state for that.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "What is asked for is wrong; the diagnostics say what.",
    429: "Too many requests, or too many runs wait.",
    503: "The store does not answer.",
    507: "The disk is full.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of these statuses, and of those that every route may answer with."""
    return {
        status: {"model": Problem, "description": _WORDS[status], "content": {MEDIA_TYPE: {}}}
        for status in sorted({*statuses, 400, 401, 403, 413, 422, 429, 503})
    }
