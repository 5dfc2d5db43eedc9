"""Ending a run from outside, in good order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, diagnostic
from autotune.run.pulse import ask_to_stop, take_pulse
from autotune.run.queue import Queue

if TYPE_CHECKING:
    from pathlib import Path

    from autotune.diagnostics import Diagnostic
    from autotune.run.pulse import Vitals
    from autotune.store import RunRecord


def cancel_run(record: RunRecord, data_dir: Path, *, at_once: bool) -> Vitals | None:
    """Ask the process that works on a run to stop, and say which it is; a run that waits in the queue leaves it (None).

    Raises InputError: AT049 when nobody works on it, AT050 when its folder cannot be written.
    """
    folder = data_dir / "runs" / record.run_id
    queue = Queue(data_dir)
    if record.run_id in queue.look().runs:
        with queue.change() as waiting:
            queued = record.run_id in waiting.runs
            waiting.runs = [item for item in waiting.runs if item != record.run_id]
        if queued and take_pulse(folder).alive is None:
            return None
    vitals = take_pulse(folder)
    if vitals.alive is None:
        raise InputError(_not_running(record, folder))
    try:
        ask_to_stop(folder, at_once=at_once)
    except OSError as error:
        raise InputError(
            diagnostic("AT050", f"the folder {folder} cannot be written: {error.strerror or error}",
                       help=f"stop it by a signal: {by_signal(vitals)}")
        ) from None  # fmt: skip
    return vitals


def by_signal(vitals: Vitals) -> str:
    """How the process is ended when it does not heed."""
    if vitals.beat is None:
        return "`kill PID`"
    return f"`kill -9 {vitals.beat.pid}` on {vitals.beat.host} (nothing is lost by that either)"


def _not_running(record: RunRecord, folder: Path) -> Diagnostic:
    if record.finished:
        return diagnostic("AT049", f"run {record.run_id} is over", help="`autotune runs` shows what every run does")
    if not folder.is_dir():
        host = record.environment.get("host") or "another machine"
        return diagnostic(
            "AT049", f"the folder of run {record.run_id} is not here", help=f"cancel it on {host}, where it was started"
        )
    return diagnostic(
        "AT049",
        f"nobody works on run {record.run_id}: it was interrupted",
        help=f"`autotune resume {record.run_id}` goes on with it",
    )
