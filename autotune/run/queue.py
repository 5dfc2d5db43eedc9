"""The queue of runs on this machine: which wait for their turn, and which processes were started from it.

It is one file in the data folder, written whole under a lock, so that whoever serves the page next goes on with it, and
`autotune runs` and `autotune cancel` know of it too.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from autotune.run.lock import RunLock
from autotune.run.whole_file import write_whole
from autotune.store.places import make_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUEUE_FILE = "queue.json"
#: What the system says of a process's beginning is that exact, in s.
_SAME_S = 1.0


@dataclass(frozen=True, slots=True)
class Started:
    """A process that was started for a run: `since` is when it began, in s since the epoch, which tells it from a later
    process of the same number.
    """

    run_id: str
    pid: int
    since: float

    @property
    def lives(self) -> bool:
        """Whether that very process is still there."""
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.since) < _SAME_S and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


@dataclass(slots=True)
class Waiting:
    """Run ids in their order, and what was started."""

    runs: list[str] = field(default_factory=list)
    started: list[Started] = field(default_factory=list)


class Queue:
    """The queue of a data folder. Several processes and threads may use it at once."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.absolute() / "queue"

    def look(self) -> Waiting:
        """The queue as it is now."""
        try:
            data = json.loads((self._folder / QUEUE_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Waiting()
        return _read(data)

    def pending(self) -> set[str]:
        """The runs that wait for their turn, and those whose process has begun."""
        waiting = self.look()
        return {*waiting.runs, *(item.run_id for item in waiting.started if item.lives)}

    @contextmanager
    def change(self) -> Iterator[Waiting]:
        """The queue, alone; what was changed is kept when the block ends without an exception."""
        make_private(self._folder)
        with RunLock(self._folder, wait=True):
            waiting = self.look()
            before = _data(waiting)
            yield waiting
            if (after := _data(waiting)) != before:
                write_whole(self._folder / QUEUE_FILE, json.dumps(after, indent=2) + "\n")


def _data(waiting: Waiting) -> dict[str, Any]:
    return {"waiting": list(waiting.runs), "started": [asdict(item) for item in waiting.started]}


def _read(data: Any) -> Waiting:
    if not isinstance(data, dict):
        return Waiting()
    runs = [item for item in data.get("waiting", ()) if isinstance(item, str)]
    fields = ("run_id", "pid", "since")
    started = [
        Started(**{name: item[name] for name in fields})
        for item in data.get("started", ())
        if isinstance(item, dict) and all(name in item for name in fields)
    ]
    return Waiting(runs, started)
