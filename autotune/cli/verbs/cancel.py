"""autotune cancel: have the process that works on a run end it, in good order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autotune.cli.output import say
from autotune.cli.store_option import add_store
from autotune.run.cancel import by_signal, cancel_run
from autotune.run.pulse import take_pulse
from autotune.store import Store, data_dir

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from autotune.run.pulse import Vitals

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
    vitals = cancel_run(record, data_dir(), at_once=args.now)
    if vitals is None:
        say(f"run {record.run_id} left the queue; `autotune resume {record.run_id}` runs it")
        return 0
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
            harder = by_signal(vitals) if at_once else "`autotune cancel --now`"
            say(f"it is still at it; {harder} does not wait for its servers")
            hint = float("inf")
        time.sleep(_LOOK_S)
