"""autotune cancel: have the process that works on a run end it, in good order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autotune.cli.output import say
from autotune.cli.store_option import add_store
from autotune.diagnostics import Diagnostic, InputError, diagnostic
from autotune.run.pulse import Vitals, ask_to_stop, take_pulse
from autotune.store import RunRecord, Store, data_dir

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

EPILOG = """\
The run ends its measurements and its servers, as after Ctrl-C, and keeps its results; `autotune resume RUN` goes on with
it. With --now servers are not asked but killed, as after a second Ctrl-C."""

_LOOK_S = 0.1
#: After this long people want to know that there is something harder.
_HINT_S = 30.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="id of the run, or its beginning")
    parser.add_argument("--now", action="store_true", help="end its servers at once")
    parser.add_argument("--no-wait", action="store_true", help="ask, and do not wait until it has ended")
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    with Store(args.store) as store:
        record = store.find_run(args.run)
    folder = data_dir() / "runs" / record.run_id
    vitals = take_pulse(folder)
    if vitals.alive is None:
        raise InputError(_not_running(record, folder))
    try:
        ask_to_stop(folder, at_once=args.now)
    except OSError as error:
        raise InputError(
            diagnostic("AT050", f"the folder {folder} cannot be written: {error.strerror or error}",
                       help=f"stop it by a signal: {_by_signal(vitals)}")
        ) from None  # fmt: skip
    who = "" if vitals.beat is None else f" ({vitals.beat.who})"
    if args.no_wait:
        say(f"asked run {record.run_id}{who} to stop")
        return 0
    say(f"asked run {record.run_id}{who} to stop; waiting until its servers have ended")
    _wait(folder, vitals, at_once=args.now)
    say(f"run {record.run_id} has stopped; `autotune resume {record.run_id}` goes on with it")
    return 0


def _wait(folder: Path, vitals: Vitals, *, at_once: bool) -> None:
    hint = time.monotonic() + _HINT_S
    while take_pulse(folder).alive is not None:
        if time.monotonic() > hint:
            harder = _by_signal(vitals) if at_once else "`autotune cancel --now`"
            say(f"it is still at it; {harder} does not wait for its servers")
            hint = float("inf")
        time.sleep(_LOOK_S)


def _by_signal(vitals: Vitals) -> str:
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
