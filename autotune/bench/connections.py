"""Connections for many requests at once."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

_CONNECT_TIMEOUT_S = 10.0


class Connections:
    """As many keep-alive connections as there are requests in flight, each an httpx client of its own.

    One shared pool would look through all its connections for each request, which at 64 in flight costs milliseconds.
    There is no read timeout: a measurement has one limit, and that is max_time_s. Proxies of the environment are not
    used.
    """

    def __init__(self, base_url: str) -> None:
        import httpx  # here, since it is loaded by measuring alone

        self._base_url = base_url
        self._idle: list[httpx.AsyncClient] = []
        self._all: list[httpx.AsyncClient] = []
        # Made once, and only where needed: it takes 40 ms.
        self._tls = httpx.create_ssl_context(trust_env=False) if base_url.startswith("https:") else False

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client that nobody else uses for the moment."""
        client = self._idle.pop() if self._idle else self._open()
        try:
            yield client
        finally:
            self._idle.append(client)

    async def open(self, count: int) -> None:
        """Connect until there are `count` connections, so that the first requests are not timed with that."""
        added = [self._open() for _ in range(count - len(self._all))]
        await asyncio.gather(
            *(client.get(f"{self._base_url}/health", timeout=_CONNECT_TIMEOUT_S) for client in added),
            return_exceptions=True,
        )
        self._idle += added

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._all:
            await client.aclose()

    def _open(self) -> httpx.AsyncClient:
        import httpx

        timeout = httpx.Timeout(None, connect=_CONNECT_TIMEOUT_S)
        client = httpx.AsyncClient(timeout=timeout, verify=self._tls, trust_env=False)
        self._all.append(client)
        return client
