"""autotune logs: what the server of a point printed."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

from autotune.cli.output import say
from autotune.cli.standing import standing
from autotune.cli.store_option import add_store
from autotune.cli.tables import print_table
from autotune.diagnostics import InputError, diagnostic, suggest
from autotune.run.pulse import take_pulse
from autotune.run.redact import mask
from autotune.run.words import printable
from autotune.store import Store, data_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from autotune.store import Result, RunRecord

EPILOG = """\
Examples
  autotune logs                    the latest run: its points and their logs
  autotune logs 20261123 a1b2c3    the server of point a1b2c3..., last try
  autotune logs 20261123 2 -f      the second point's, and what is added to it until its run ends
  autotune logs 20261123 2 --try 1 the first try's, where there were several
"""

_LOOK_S = 0.2
_CHUNK_BYTES = 65_536
_EARLIER = re.compile(r"server\.(\d+)\.log$")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help="id of the run, or its beginning (default: the latest)")
    parser.add_argument("point", nargs="?", metavar="POINT", help="id of the point, its beginning, or its number")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what is added, until the run ends")
    parser.add_argument(
        "--try", type=int, dest="attempt", metavar="N", help="the log of the Nth try (default: the last)"
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    with Store(args.store) as store:
        record = store.find_run(args.run)
        results = {result.point_id: result for result in standing(store.results(record.run_id))}
    folder = data_dir() / "runs" / record.run_id
    if args.point is None:
        _list(record, results, folder)
        return 0
    point = _find_point(record, args.point)
    tries = _tries(folder / "points" / point)
    if not tries or not 1 <= (args.attempt or 1) <= len(tries):
        return _without_log(record, point, results.get(point), len(tries), args.attempt)
    for text in _read(tries[(args.attempt or len(tries)) - 1], folder, follow=args.follow):
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
        sys.stdout.flush()
    return 0


def _list(record: RunRecord, results: dict[str, Result], folder: Path) -> None:
    shared = set.intersection(*(set(result.overrides) for result in results.values())) if results else set()
    rows = []
    for number, point in enumerate(record.points, start=1):
        logs = _tries(folder / "points" / point)
        result = results.get(point)
        swept = "" if result is None else " ".join(text for text in result.overrides if text not in shared)
        size = f"{logs[-1].stat().st_size / 1000:.1f}" if logs else ""
        rows.append((str(number), point, "waiting" if result is None else result.status, str(len(logs)), size, swept))
    print_table(("", "point", "status", "logs", "kB", "overrides of its own"), rows, right=(0, 3, 4))


def _find_point(record: RunRecord, name: str) -> str:
    if name in record.points:
        return name
    hits = [point for point in record.points if point.startswith(name)]
    if len(hits) == 1:
        return hits[0]
    if not hits and name.isdecimal() and 1 <= int(name) <= len(record.points):
        return record.points[int(name) - 1]
    what = f"{len(hits)} points of it start with {name}" if hits else f"it has no point {name}"
    known = f"one of {', '.join(hits[:8])}" if hits else suggest(name, record.points)
    raise InputError(diagnostic("AT031", f"run {record.run_id}: {what}", help=known))


def _tries(folder: Path) -> list[Path]:
    """The logs of a point, the earliest first; that of the last try has no number."""
    numbered = [(int(hit[1]), path) for path in folder.glob("server.*.log") if (hit := _EARLIER.search(path.name))]
    last = folder / "server.log"
    return [path for _, path in sorted(numbered)] + ([last] if last.exists() else [])


def _read(log: Path, folder: Path, *, follow: bool) -> Iterator[str]:
    """The text of a log, with secrets of this environment hidden; line by line, because a secret is never cut in two then."""
    with log.open("rb") as file:
        rest = b""
        while True:
            alive = follow and take_pulse(folder).alive is not None
            rest = yield from _lines(file, rest)
            if not alive:
                break
            time.sleep(_LOOK_S)
        if rest:
            yield mask(rest.decode(errors="replace"), os.environ)


def _lines(file: BinaryIO, rest: bytes) -> Generator[str, None, bytes]:
    """The whole lines that there are by now, `rest` before them; returns the beginning of the next one."""
    while chunk := file.read(_CHUNK_BYTES):
        whole, newline, rest = (rest + chunk).rpartition(b"\n")
        if newline:
            yield mask((whole + newline).decode(errors="replace"), os.environ)
    return rest


def _without_log(record: RunRecord, point: str, result: Result | None, tries: int, attempt: int | None) -> int:
    if tries and attempt is not None:
        raise InputError(
            diagnostic(
                "AT031", f"point {point} has no try {attempt}", help=f"there were {tries}; without --try it is the last"
            )
        )
    if result is not None and result.failure is not None and result.failure.log_tail:
        say(f"the log of point {point} is not here any more; its end, as kept with the result:")
        sys.stdout.write(result.failure.log_tail.rstrip("\n") + "\n")
        return 0
    why = (
        "it was pruned and had no server"
        if result is not None and result.status == "pruned"
        else (
            "an emulated server prints nothing"
            if record.executor == "emulated"
            else "no server was started for it here"
        )
    )
    raise InputError(
        diagnostic(
            "AT031",
            f"there is no log of point {point} of run {record.run_id}: {why}",
            help="`autotune logs RUN` lists the points that have one",
        )
    )
