"""The journal of a run: what happens, a line of JSON each, in the run's folder, for whoever wants to look on."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from autotune.run.events import ImagePulling, Noted, PointFinished, Retrying, RunClosed, RunOpened, Silent
from autotune.run.redact import mask

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from autotune.run.events import Event, Reporter

JOURNAL_FILE = "events.jsonl"
#: An image that is being pulled is told of this often at most, in s.
_PULLING_S = 1.0


class Journal:
    """A reporter that writes each event down and hands it on. Lines are added, so a run that goes on goes on in the file.

    A line is `{"at": ISO 8601 UTC, "event": NAME, ...}` with the event's fields; results themselves are in the store.
    A line that cannot be written is left out: a full disk must not end what needs no disk.
    """

    def __init__(self, folder: Path, reporter: Reporter, clock: Callable[[], datetime]) -> None:
        self._path = folder / JOURNAL_FILE
        self._reporter = reporter
        self._clock = clock
        self._pulled = -_PULLING_S

    def report(self, event: Event) -> None:
        if self._worth_a_line(event):
            line = {
                "at": self._clock().isoformat(timespec="milliseconds"),
                "event": type(event).__name__,
                **_fields(event),
            }
            text = mask(json.dumps(line, ensure_ascii=False, default=str), os.environ)
            with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
                file.write(text + "\n")
        try:
            self._reporter.report(event)
        except OSError:
            self._reporter = Silent()  # a terminal that was closed; the journal goes on

    def _worth_a_line(self, event: Event) -> bool:
        if not isinstance(event, ImagePulling):
            return True
        if (now := time.monotonic()) - self._pulled < _PULLING_S:
            return False
        self._pulled = now
        return True


def read_journal(folder: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The whole lines from a place in the file on, and the place where the next one begins."""
    try:
        with (folder / JOURNAL_FILE).open("rb") as file:
            file.seek(offset)
            data, newline, _ = file.read().rpartition(b"\n")
    except OSError:
        return [], offset
    found = []
    for line in data.splitlines() if newline else ():
        with suppress(ValueError):
            found.append(json.loads(line))
    return found, offset + len(data) + len(newline)


def _fields(event: Event) -> dict[str, Any]:
    if isinstance(event, PointFinished):
        return {"point_id": event.result.point_id, "status": event.result.status, "score": event.result.score}
    if isinstance(event, Noted):
        return {"diagnostic": event.diagnostic.as_dict()}
    if isinstance(event, Retrying):
        return {"point_id": event.point_id, "failure": event.failure.kind, "message": event.failure.message,
                "attempt": event.attempt, "tries": event.tries, "pause_s": event.pause_s}  # fmt: skip
    fields = asdict(event)
    if isinstance(event, (RunOpened, RunClosed)):
        fields.pop("folder", None)
    return fields
