"""Runs started from the page: the command line's own runs, each its own process, which outlives the web server.

A run is first made in the store (so that its id is known at once), then waits in the queue of this machine, then
`autotune resume RUN` works on it, detached. Everything that must survive a restart is in the store, the run's folder and
the queue's file; this object holds nothing that cannot be found again.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from autotune.diagnostics import InputError, diagnostic, read_denied
from autotune.run.cancel import cancel_run
from autotune.run.limit import limit_points
from autotune.run.prepare import prepare, reserve_run
from autotune.run.pulse import take_pulse
from autotune.run.queue import Queue, Started, Waiting
from autotune.store import RunInputs, data_dir, store_place
from autotune.store.places import PLACE_VARIABLE, make_private
from autotune.web.admission import admit
from autotune.web.settings import TOKEN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compiled import CompiledPoint
    from autotune.run.pulse import Vitals
    from autotune.store import RunRecord, Store
    from autotune.web.settings import WebSettings

#: What the process of a run prints, in the run's folder.
LOG_FILE = "run.log"
#: More runs than this do not wait.
MOST_WAITING = 100
_LOOK_S = 0.25
_log = logging.getLogger(__name__)


class Jobs:
    """Starts what waits, at most `settings.max_runs` at once. Methods may be called from several threads."""

    def __init__(self, store: Store, settings: WebSettings) -> None:
        self._store = store
        self._place = _place(settings.store)
        self._max_runs = settings.max_runs
        self._runs = data_dir().absolute() / "runs"
        self._queue = Queue(data_dir())
        self._children: list[subprocess.Popen[bytes]] = []
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin to start what waits, also what an earlier web server left waiting."""
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Start nothing more. Runs that are at work go on, and what waits is kept for the next web server."""
        self._over.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        for child in self._children:  # none becomes a zombie, and Python is not told that one was forgotten
            threading.Thread(target=child.wait, name=f"run {child.pid}", daemon=True).start()

    def start(self, points: Sequence[CompiledPoint], task: str | None, task_name: str | None,
              overrides: Sequence[str], *, multirun: bool, denied: Sequence[str] = ()) -> RunRecord:  # fmt: skip
        """Have these points run, compiled from this task text and these overrides. The run may have to wait for its turn.

        The same points that are unfinished go on where they were, as with `autotune run`. Raises InputError: AT023, AT027
        and AT030 for what cannot run here, AT080 for what a request may not say, AT032 when a process works on them, AT081 when too many wait.
        """
        if not any(point.runnable for point in points):
            raise InputError(*(item for point in points for item in point.diagnostics))
        inputs = RunInputs(
            tuple(overrides),
            task,
            task_name if task is not None else None,
            str(Path.cwd()),
            multirun,
            (),
            tuple(sorted(read_denied(denied))),
        )
        prepared = prepare(limit_points(points))
        admit(prepared.runnable, prepared.executor)
        self._check_room()
        record = reserve_run(prepared, self._store, inputs, data_dir=data_dir(), clock=lambda: datetime.now(UTC))
        self._enqueue(record.run_id)
        return record

    def resume(self, record: RunRecord) -> None:
        """Have an interrupted run go on. Raises InputError: AT032 when a process works on it, AT049 when it is over."""
        if record.finished:
            raise InputError(diagnostic("AT049", f"run {record.run_id} is over", help="start a new one"))
        if take_pulse(self._runs / record.run_id).alive is not None:
            raise InputError(diagnostic("AT032", f"a process is working on run {record.run_id}",
                                        help=f"wait until it is done, or stop it: `autotune cancel {record.run_id}`"))  # fmt: skip
        self._check_room()
        self._enqueue(record.run_id)

    def cancel(self, record: RunRecord, *, at_once: bool = False) -> Vitals | None:
        """As `autotune cancel --no-wait`; None when the run only waited."""
        return cancel_run(record, data_dir(), at_once=at_once)

    def queue(self) -> Waiting:
        """The queue as it is now."""
        return self._queue.look()

    def queued(self) -> list[str]:
        """The runs that wait for their turn, in order."""
        return self._queue.look().runs

    def pending(self) -> set[str]:
        """Those, and the runs whose process has only just begun."""
        return self._queue.pending()

    def log_path(self, run_id: str) -> Path:
        """Where the process of a run prints to; `run_id` is that of a stored run."""
        return self._runs / run_id / LOG_FILE

    def _check_room(self) -> None:
        if len(self._queue.look().runs) >= MOST_WAITING:
            raise InputError(
                diagnostic("AT081", f"{MOST_WAITING} runs wait already", help="wait, or cancel some of them")
            )

    def _enqueue(self, run_id: str) -> None:
        with self._queue.change() as waiting:
            if run_id not in waiting.runs and not any(item.run_id == run_id and item.lives for item in waiting.started):
                waiting.runs.append(run_id)
        self._wake.set()

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                self._turn()
            except Exception:  # noqa: BLE001 - a full disk, a locked database: it may be over next time
                _log.exception("the queue could not be worked on")
            self._wake.wait(_LOOK_S)
            self._wake.clear()

    def _turn(self) -> None:
        """Forget the processes that ended, and start as many runs as there is room for."""
        self._children = [child for child in self._children if child.poll() is None]
        seen = self._queue.look()
        if not seen.runs and all(item.lives for item in seen.started):
            return
        with self._queue.change() as waiting:
            waiting.started = [item for item in waiting.started if item.lives]
            while waiting.runs and len(waiting.started) < self._max_runs and not self._over.is_set():
                run_id = waiting.runs[0]
                # One that another command works on, or finished meanwhile, needs no process of ours.
                if self._needs_work(run_id):
                    waiting.started.append(self._launch(run_id))
                waiting.runs.pop(0)

    def _needs_work(self, run_id: str) -> bool:
        try:
            record = self._store.find_run(run_id)
        except InputError as error:
            if error.diagnostics[0].code == "AT031" and not self._store.has_run(run_id):
                return False  # removed meanwhile
            raise
        return not record.finished and take_pulse(self._runs / run_id).alive is None

    def _launch(self, run_id: str) -> Started:
        folder = make_private(self._runs / run_id)
        environ = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
        with (folder / LOG_FILE).open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - our own interpreter and an id of the store
                [sys.executable, "-m", "autotune", "resume", run_id],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=environ | {PLACE_VARIABLE: self._place},
            )  # fmt: skip
        self._children.append(child)
        since = datetime.now(UTC).timestamp()
        with suppress(psutil.Error):
            since = psutil.Process(child.pid).create_time()
        return Started(run_id, child.pid, since)


def _place(store: str | None) -> str:
    """The store as another process names it, whatever its folder is."""
    named = store or store_place()
    return named if "://" in named else str(Path(named).expanduser().absolute())
