"""The OpenAPI document and a page that shows it, without scripts and without anything from elsewhere."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from autotune import __version__
from autotune.web.pages.rendering import render
from autotune.web.paging import tagged
from autotune.web.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from fastapi import FastAPI

router = APIRouter(include_in_schema=False)

_ABOUT = """\
What the command line does, for scripts: the same functions over the same store. Refusals are problem+json (RFC 9457) with
the diagnostics in them. Lists come a page at a time, with Link headers; answers have an ETag. A server that others can
reach wants `Authorization: Bearer TOKEN`. /api/v1 answers in the shapes of v1.
"""
_lock = threading.Lock()


@router.get("/api/openapi.json")
def document(request: Request) -> Response:
    return tagged(request, json.dumps(openapi(request.app), ensure_ascii=False).encode(), "application/json")


@router.get("/api/docs")
def page(request: Request) -> Response:
    found = openapi(request.app)
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            tags.setdefault(operation["tags"][0], []).append(_shown(found, method.upper(), path, operation))
    return render(request, "api_docs", tags=tags, about=found["info"]["description"])


def openapi(app: FastAPI) -> dict[str, Any]:
    """The document of the application, made once."""
    with _lock:
        if app.openapi_schema is None:
            app.openapi_schema = _make(app)
        return app.openapi_schema


def _make(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title="autotune", version=__version__, description=_ABOUT, routes=app.routes)
    for methods in found["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                schema = content.get("application/json", {}).get("schema", {})
                if schema.get("$ref", "").endswith("/HTTPValidationError"):
                    schema["$ref"] = "#/components/schemas/Problem"
                if status >= "400" and schema.get("$ref", "").endswith("/Problem"):
                    response["content"] = {MEDIA_TYPE: {"schema": schema}}
                elif (
                    status.startswith("2")
                    and operation.get("summary")
                    and "get" in methods
                    and operation is methods["get"]
                ):
                    response.setdefault("headers", {})["ETag"] = {"schema": {"type": "string"}, "required": False}
    schemes = found.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["token"] = {"type": "http", "scheme": "bearer", "description": "Only where the server has a token."}
    found["security"] = [{}, {"token": []}]
    return found


def _shown(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {
        "method": method,
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": operation.get("parameters", []),
        "example": _example(document, body),
        "statuses": list(operation["responses"]),
    }


def _example(document: dict[str, Any], schema: dict[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    examples = document.get("components", {}).get("schemas", {}).get(name, {}).get("examples", [])
    return json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else ""
