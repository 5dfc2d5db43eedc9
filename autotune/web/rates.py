"""How many requests a client may make."""

from __future__ import annotations

import math
import time
from collections import OrderedDict

#: Clients that are remembered; the one that was away longest is forgotten first.
_MOST_CLIENTS = 10_000


class Rate:
    """A token bucket for each client: `per_s` on average, `burst` at once."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float | None = None) -> int:
        """0 where the client may; else after how many seconds it may again."""
        now = time.monotonic() if now is None else now
        left, since = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_s)
        allowed = left >= 1.0
        self._left[client] = (left - 1.0 if allowed else left, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1.0 - left) / self._per_s))
