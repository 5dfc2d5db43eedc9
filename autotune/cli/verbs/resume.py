"""autotune resume: go on with a run that was interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.inputs import announce
from autotune.cli.output import say
from autotune.cli.store_option import add_store
from autotune.cli.verbs.run import run_compiled
from autotune.diagnostics import InputError, diagnostic
from autotune.recorded import folder_of, read_recorded
from autotune.run.pulse import take_pulse
from autotune.store import RunRecord, Store, data_dir, store_place

if TYPE_CHECKING:
    import argparse

EPILOG = """\
The points are compiled again from what was typed then, and the task file as it was then; finished points are not run again."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="id of the run, or its beginning (default: the latest unfinished one)"
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    # Before the folder changes: a relative file is relative to where the command was typed.
    named = args.store or store_place()
    place = named if "://" in named else str(Path(named).expanduser().absolute())
    with Store(place) as store:
        record = store.find_run(args.run) if args.run is not None else _latest_unfinished(store)
    with folder_of(record.inputs):
        points = read_recorded(record.inputs).compile()
        announce(points)
        say(f"going on with run {record.run_id}")
        return run_compiled(points, record.inputs, place, record.run_id)


def _latest_unfinished(store: Store) -> RunRecord:
    """The latest unfinished run that nobody works on."""
    unfinished = store.unfinished()
    for record in unfinished:
        if take_pulse(data_dir() / "runs" / record.run_id).alive is None:
            return record
    if unfinished:
        names = ", ".join(record.run_id for record in unfinished)
        raise InputError(
            diagnostic(
                "AT032", f"every unfinished run is being worked on: {names}", help="`autotune runs` shows by whom"
            )
        )
    raise InputError(diagnostic("AT031", "there is no unfinished run", help="`autotune runs` shows the finished ones"))
