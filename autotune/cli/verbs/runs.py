"""autotune runs: every run with what it does now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from autotune.cli.output import print_json, say
from autotune.cli.store_option import add_store
from autotune.cli.tables import print_table
from autotune.run.listing import STATES, list_runs, points_waiting, run_data, run_state
from autotune.run.pulse import take_pulse
from autotune.run.queue import Queue
from autotune.store import Store, data_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from autotune.run.listing import State
    from autotune.run.pulse import Vitals
    from autotune.store import RunSummary

EPILOG = """\
States
  queued       waits for its turn: it was asked for from the web page (`autotune ui`)
  running      a process works on it now, on this machine or where its folder is shared
  interrupted  nobody works on it, and points are left: `autotune resume RUN` goes on
  finished     every point is settled
  imported     results that a load client wrote by itself

Only the runs that are shown are read, so that the list is there at once however many are stored; -n 0 reads all of them.
"""

_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=STATES, help="only the runs that are in this state")
    parser.add_argument(
        "-n", "--last", type=int, default=_SHOWN, metavar="N", help=f"the latest N (default {_SHOWN}; 0 for all)"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="table (default) or json")
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    most = args.last if args.last > 0 else sys.maxsize
    with Store(args.store) as store:
        shown, total = list_runs(store, data_dir() / "runs", look_at, (0, most), args.state)
    if args.format == "json":
        print_json([run_data(item.record, item.vitals, queued=item.state == "queued") for item in shown])
        return 0
    print_runs(shown)
    if len(shown) < total:
        say(f"{total - len(shown)} earlier ones are not shown; `autotune runs -n 0` shows all")
    return 0


class Seen(NamedTuple):
    """A run as it stands now."""

    record: RunSummary
    vitals: Vitals
    state: State


def look_at(records: Iterable[RunSummary]) -> list[Seen]:
    """What each run does now, as far as this machine knows."""
    queued = Queue(data_dir()).pending()
    found = []
    for record in records:
        vitals = take_pulse(data_dir() / "runs" / record.run_id)
        found.append(Seen(record, vitals, run_state(record, vitals, queued=record.run_id in queued)))
    return found


def print_runs(seen: Iterable[Seen]) -> None:
    """The runs as a table, the latest first."""
    names = ("done", "failed", "pruned")
    print_table(
        ("run", "executor", "points", *names, "to go", "state"),
        [
            (
                record.run_id, record.executor, str(record.point_count), *(str(record.counts.get(name, 0)) for name in names),
                str(points_waiting(record)), _words(record, vitals, state),
            )
            for record, vitals, state in seen
        ],
        right=range(2, 7),
    )  # fmt: skip


def _words(record: RunSummary, vitals: Vitals, found: State) -> str:
    if found == "imported" and record.source is not None:
        return f"imported from {record.source['tool']}"
    if found == "running":
        return "running" if vitals.beat is None else f"running: {vitals.beat.who}"
    if found == "interrupted" and (host := record.environment.get("host")) and not _is_here(record):
        return f"interrupted, or running on {host} where its folder is"
    return found


def _is_here(record: RunSummary) -> bool:
    return (data_dir() / "runs" / record.run_id).is_dir()
