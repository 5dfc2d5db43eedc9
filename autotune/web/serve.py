"""Serving the page: the address first, then the server, until someone ends it."""

from __future__ import annotations

import signal
import socket
import threading
import webbrowser
from typing import TYPE_CHECKING

import uvicorn

from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    from fastapi import FastAPI


#: How long requests that are being answered are waited for at the end, in s; those that listen to runs are let go at once.
_PATIENCE_S = 3
#: Connections at once; beyond it clients get 503.
_MOST_CONNECTIONS = 2000


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises InputError (AT030) where that is impossible."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise _unusable(
            host, port, str(error.strerror or error), "name an address of this machine, or 0.0.0.0 for all"
        ) from None
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(_MOST_CONNECTIONS)
    except (OSError, OverflowError) as error:
        found.close()
        reason = str(getattr(error, "strerror", None) or error).lower()
        raise _unusable(host, port, reason, "another port: `autotune ui --port 0` takes a free one") from None
    return found


def address_of(listening: socket.socket) -> str:
    """What a browser on this machine opens."""
    host, port = listening.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - read, not bound
    return f"http://{name}:{port}"


def serve(listening: socket.socket, app: FastAPI, *, browser: bool) -> None:
    """Serve until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, proxy_headers=False, server_header=False, lifespan="on",
        timeout_graceful_shutdown=_PATIENCE_S, limit_concurrency=_MOST_CONNECTIONS, timeout_keep_alive=30,
    )  # fmt: skip
    server = _Server(config, app)
    if browser:
        threading.Thread(target=webbrowser.open, args=(address_of(listening),), daemon=True).start()
    # uvicorn ends in good order and then raises the signal again.
    former = signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, former)
        listening.close()


class _Server(uvicorn.Server):
    """Lets those who listen to runs go before it waits for its connections to end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._state = app.state

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._state.web.watchers.close()
        await super().shutdown(sockets)


def _unusable(host: str, port: int, reason: str, remedy: str) -> InputError:
    return InputError(
        diagnostic("AT030", f"nothing can listen at {host} port {port}: {reason}", path="--port", help=remedy)
    )
