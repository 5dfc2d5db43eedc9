"""The least that a web server here can do: Starlette on uvicorn, one body for every question, one stream for every listener.

    python benchmarks/web_floor.py BODY_BYTES EVENTS

Prints its address. `benchmarks/web.py` asks it the same questions as `autotune ui`, in the same way; its bodies and events
are as large as the real ones, and nothing is looked up, filtered or written as JSON.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

#: How long the bare run takes, in s; every listener hears its end at the same moment.
RUN_S = 2.0
_EVENT = "x" * 600


def bare_app(body: bytes, events: int) -> Starlette:
    ends_at: list[float] = []

    async def listed(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    async def listened(_request: Request) -> EventSourceResponse:
        clock = asyncio.get_running_loop()
        if not ends_at:
            ends_at.append(clock.time() + RUN_S)
        pause_s = RUN_S / max(1, events)

        async def stream() -> AsyncIterator[dict[str, str]]:
            while (left_s := ends_at[0] - clock.time()) > 0:
                yield {"event": "point", "data": _EVENT}
                await asyncio.sleep(min(pause_s, left_s))
            yield {"event": "end", "data": ""}

        return EventSourceResponse(stream())

    return Starlette(routes=[Route("/api/v2/runs/bare/events", listened), Route("/{path:path}", listed)])


def main() -> None:
    body_bytes, events = map(int, sys.argv[1:])
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
    app = bare_app(b"x" * body_bytes, events)
    config = uvicorn.Config(app, log_level="warning", access_log=False, proxy_headers=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
