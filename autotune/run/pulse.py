"""The pulse of a run: a file in its folder that says who works on it and how far it is, and another that asks it to stop.

Both are files, so that whoever sees the folder can look and ask: another process, another user's, a web page, another machine.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Self

from autotune.run.environment import user_name
from autotune.run.lock import is_held
from autotune.run.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from autotune.run.stop import Stop

ALIVE_FILE = "alive.json"
CANCEL_FILE = "cancel.json"

#: Between two beats, in s; and between two looks whether someone asked to stop.
BEAT_S = 5.0
_LOOK_S = 0.2
#: A run on another machine that has not beaten for this long is taken for dead, in s.
DEAD_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class Beat:
    """What a run said last: who works on it, where, since when (`started_at`, ISO 8601 UTC), and how far it is."""

    pid: int
    host: str
    user: str
    started_at: str
    settled: int
    points: int

    @property
    def who(self) -> str:
        return f"process {self.pid} on {self.host}"


@dataclass(frozen=True, slots=True)
class Vitals:
    """Whether someone works on a run: `here` on this machine, `elsewhere`, or nobody, and what was said last."""

    alive: Literal["here", "elsewhere"] | None
    beat: Beat | None


class Pulse:
    """Beats while a run is worked on, and hands on requests to stop. A context manager; the caller holds the run's lock.

    `progress` gives the number of points settled and of all points. A beat that cannot be written is left out: a full
    disk must not end what needs no disk.
    """

    def __init__(self, folder: Path, stop: Stop, progress: Callable[[], tuple[int, int]], now: str) -> None:
        self._folder = folder
        self._stop = stop
        self._progress = progress
        self._started_at = now
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        with suppress(OSError):
            (self._folder / CANCEL_FILE).unlink(missing_ok=True)  # meant for an earlier process
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        for name in (ALIVE_FILE, CANCEL_FILE):
            with suppress(OSError):
                (self._folder / name).unlink(missing_ok=True)

    def _beat_on(self) -> None:
        due = time.monotonic() + BEAT_S
        while not self._over.wait(_LOOK_S):
            self._heed()
            if time.monotonic() >= due:
                self._beat()
                due = time.monotonic() + BEAT_S

    def _beat(self) -> None:
        settled, points = self._progress()
        beat = Beat(os.getpid(), platform.node(), user_name(), self._started_at, settled, points)
        with suppress(OSError):
            write_whole(self._folder / ALIVE_FILE, json.dumps(asdict(beat)), lasting=False)

    def _heed(self) -> None:
        asked = _read(self._folder / CANCEL_FILE)
        if asked is None:
            return
        wanted = 2 if asked.get("at_once") is True else 1
        while self._stop.requests < wanted:
            self._stop.ask(signal.SIGTERM, by=str(asked.get("by") or "autotune cancel"))


def ask_to_stop(folder: Path, *, at_once: bool) -> None:
    """Ask the process that works on a run to stop. Raises OSError where its folder cannot be written."""
    by = f"`autotune cancel` by {user_name() or 'someone'} on {platform.node()}"
    write_whole(folder / CANCEL_FILE, json.dumps({"at_once": at_once, "by": by}), lasting=False)


def take_pulse(folder: Path, now: datetime | None = None) -> Vitals:
    """Whether a run lives. On this machine its lock says so; on another one the age of its last beat."""
    data = _read(folder / ALIVE_FILE)
    beat = None
    with suppress(TypeError):
        beat = None if data is None else Beat(**data)
    if is_held(folder):
        return Vitals("here", beat)
    if beat is None or beat.host == platform.node():
        return Vitals(None, beat)
    with suppress(OSError):
        written = (folder / ALIVE_FILE).stat().st_mtime
        age_s = abs((now or datetime.now(UTC)).timestamp() - written)
        return Vitals("elsewhere" if age_s < DEAD_AFTER_S else None, beat)
    return Vitals(None, beat)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None
