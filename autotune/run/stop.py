"""Being asked to stop: once is politely, twice is at once."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: SIGHUP is what a process gets whose terminal goes away.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TICK_S = 0.05


class Stop:
    """Whether, and how urgently, to stop. Plain attributes, because signal handlers must not wait for locks."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.requests = 0
        self.by = ""
        """Who asked, where that is known: words for people."""

    @property
    def asked(self) -> bool:
        return self.requests > 0

    @property
    def at_once(self) -> bool:
        return self.requests > 1

    def ask(self, number: int | None = signal.SIGINT, by: str = "") -> None:
        """Ask to stop; the first signal given stays, None is for an error that ends the run."""
        if self.signal is None and number is not None:
            self.signal = signal.Signals(number)
        self.by = by or (signal.Signals(number).name if number is not None else self.by)
        self.requests += 1

    def pause(self, seconds: float) -> None:
        """Sleep, and wake early when someone asks to stop."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _TICK_S))


@contextmanager
def listen_to_signals(stop: Stop) -> Iterator[None]:
    """Have SIGINT, SIGTERM and SIGHUP ask `stop`, and put the former handlers back afterwards. One that is ignored (by nohup)
    stays so. Does nothing outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, _frame: Any) -> None:
        stop.ask(number)

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, ask) for number in heard}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
