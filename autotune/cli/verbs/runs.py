"""autotune runs: every run with what it does now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.cli.output import print_json, say
from autotune.cli.store_option import add_store
from autotune.cli.tables import print_table
from autotune.run.pulse import Vitals, take_pulse
from autotune.store import Store, data_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from autotune.store import RunRecord

EPILOG = """\
States
  running      a process works on it now, on this machine or where its folder is shared
  interrupted  nobody works on it, and points are left: `autotune resume RUN` goes on
  finished     every point is settled
  imported     results that a load client wrote by itself
"""

_STATES = ("running", "interrupted", "finished", "imported")
_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=_STATES, help="only the runs that are in this state")
    parser.add_argument(
        "-n", "--last", type=int, default=_SHOWN, metavar="N", help=f"the latest N (default {_SHOWN}; 0 for all)"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="table (default) or json")
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    with Store(args.store) as store:
        records = store.runs()
    seen = [(record, take_pulse(data_dir() / "runs" / record.run_id)) for record in records]
    wanted = [pair for pair in seen if args.state in (None, state(*pair))]
    shown = wanted[: args.last] if args.last > 0 else wanted
    if args.format == "json":
        print_json([as_data(*pair) for pair in shown])
        return 0
    print_runs(shown)
    if len(shown) < len(wanted):
        say(f"{len(wanted) - len(shown)} earlier ones are not shown; `autotune runs -n 0` shows all")
    return 0


def state(record: RunRecord, vitals: Vitals) -> str:
    """One of `_STATES`."""
    if record.source is not None:
        return "imported"
    if vitals.alive is not None:
        return "running"
    return "finished" if record.finished else "interrupted"


def as_data(record: RunRecord, vitals: Vitals) -> dict[str, Any]:
    """One element of `runs --format json`: the record, the state, and who works on the run."""
    beat = vitals.beat if vitals.alive is not None else None
    worker = None if beat is None else {"pid": beat.pid, "host": beat.host, "user": beat.user, "since": beat.started_at}
    return {**record.as_dict(), "state": state(record, vitals), "waiting": waiting(record), "worker": worker}


def waiting(record: RunRecord) -> int:
    """Points without a result."""
    return max(len(record.points) - sum(record.counts.get(name, 0) for name in ("done", "failed", "pruned")), 0)


def print_runs(seen: Iterable[tuple[RunRecord, Vitals]]) -> None:
    """The runs as a table, the latest first."""
    names = ("done", "failed", "pruned")
    print_table(
        ("run", "executor", "points", *names, "to go", "state"),
        [
            (
                record.run_id, record.executor, str(len(record.points)), *(str(record.counts.get(name, 0)) for name in names),
                str(waiting(record)), _words(record, vitals),
            )
            for record, vitals in seen
        ],
        right=range(2, 7),
    )  # fmt: skip


def _words(record: RunRecord, vitals: Vitals) -> str:
    found = state(record, vitals)
    if found == "imported" and record.source is not None:
        return f"imported from {record.source['tool']}"
    if found == "running":
        return "running" if vitals.beat is None else f"running: {vitals.beat.who}"
    if found == "interrupted" and (host := record.environment.get("host")) and not _is_here(record):
        return f"interrupted, or running on {host} where its folder is"
    return found


def _is_here(record: RunRecord) -> bool:
    return (data_dir() / "runs" / record.run_id).is_dir()
