"""Answers as JSON with an ETag, and lists a page at a time with links to the others."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 500
_DEFAULT = 50
#: Pages beyond this cost more than anyone can look at.
_LAST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; pages count from 1."""

    number: int
    limit: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.limit

    def of(self, items: Sequence[Any]) -> Sequence[Any]:
        return items[self.offset : self.offset + self.limit]


async def _page(
    page: Annotated[int, Query(ge=1, le=_LAST_PAGE, description="Page, from 1 on.")] = 1,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items on a page.")] = _DEFAULT,
) -> Page:
    return Page(page, limit)


#: A parameter of a route that lists something.
Paged = Annotated[Page, Depends(_page)]


def answer(request: Request, data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Plain data as JSON. A client that names the ETag of what it has gets 304 when that is still it."""
    return tagged(request, _body(data), "application/json", status=status, headers=headers)


def tagged(
    request: Request, body: bytes, media_type: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A body with its ETag (RFC 9110, 8.8.3), or 304."""
    sent = dict(headers or {})
    if request.method in ("GET", "HEAD") and status == 200:
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        sent |= {"ETag": tag, "Cache-Control": "no-cache"}
        if _matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=sent)
    return Response(body, status_code=status, media_type=media_type, headers=sent)


def listing(request: Request, items: Sequence[Any], total: int, page: Page) -> Response:
    """One page of a list: `{items, total, page, limit}`, with Link headers (RFC 8288) to the others."""
    return listed(request, page_body(items, total, page), total, page)


def page_body(items: Sequence[Any], total: int, page: Page) -> bytes:
    """The body of such a page."""
    return _body({"items": list(items), "total": total, "page": page.number, "limit": page.limit})


def listed(request: Request, body: bytes, total: int, page: Page) -> Response:
    """The page that this is the body of."""
    headers = {"Link": links(request, total, page), "X-Total-Count": str(total)}
    return tagged(request, body, "application/json", headers=headers)


@dataclass(frozen=True, slots=True)
class Finished:
    """An answer as it was sent, to be sent again to whoever asks the same: nothing is read, checked or written anew."""

    body: bytes
    headers: Mapping[str, str]

    def send(self, request: Request) -> Response:
        if _matches(request.headers.get("if-none-match"), self.headers["etag"]):
            return Response(status_code=304, headers=dict(self.headers))
        return Response(self.body, media_type="application/json", headers=dict(self.headers))


def asked_as(request: Request) -> tuple[str, bytes]:
    """What a GET request asks for, as it was sent."""
    return request.scope["path"], request.scope["query_string"]


def finished(response: Response) -> Finished | None:
    """What of a response can be sent again; None where it has no body to send."""
    if response.status_code != 200:
        return None
    kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")}
    return Finished(bytes(response.body), kept)


def _body(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def links(request: Request, total: int, page: Page) -> str:
    """The value of the Link header; addresses are relative to the host."""
    last = max(1, -(-total // page.limit))
    wanted = {"first": 1, "prev": page.number - 1, "next": page.number + 1, "last": last}
    found = []
    for relation, number in wanted.items():
        if 1 <= number <= last:
            url = request.url.include_query_params(page=number, limit=page.limit)
            found.append(f'<{url.path}?{url.query}>; rel="{relation}"')
    return ", ".join(found)


def _matches(header: str | None, tag: str) -> bool:
    if header is None:
        return False
    return header.strip() == "*" or tag in (item.strip().removeprefix("W/") for item in header.split(","))
