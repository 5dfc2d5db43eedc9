"""Waiting for a server to answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import httpx

from autotune.run.executor import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_PROBE_TIMEOUT_S = 5.0


def wait_ready(
    url: str, limit_s: float, *, alive: Callable[[], bool], cancelled: Callable[[], bool]
) -> Literal["ready", "ended", "late"]:
    """Ask `url` until it answers 200, `alive` turns false or `limit_s` has passed. Raises Cancelled."""
    deadline = time.monotonic() + limit_s
    pause = _FIRST_PAUSE_S
    with httpx.Client(trust_env=False, timeout=_PROBE_TIMEOUT_S) as client:
        while True:
            if cancelled():
                raise Cancelled
            if not alive():
                return "ended"
            if _answers(client, url):
                return "ready"
            if time.monotonic() >= deadline:
                return "late"
            time.sleep(min(pause, max(deadline - time.monotonic(), 0.0)))
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)


def answers(url: str) -> bool:
    """Whether `url` answers 200 now."""
    with httpx.Client(trust_env=False, timeout=_PROBE_TIMEOUT_S) as client:
        return _answers(client, url)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
