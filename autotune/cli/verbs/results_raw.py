"""autotune results --raw: what the load client of a point wrote, byte for byte."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.output import write_file
from autotune.cli.tables import print_table
from autotune.diagnostics import InputError, diagnostic, suggest

if TYPE_CHECKING:
    from autotune.store import RawFile, Store


def show_raw(store: Store, run: str | None, wanted: str, output: str | None) -> int:
    """List the files of a point, or write one of them to stdout or a file. `wanted` is POINT or POINT/FILE.

    Raises InputError (AT031) for a point or file that is not stored.
    """
    point, _, name = wanted.partition("/")
    record = store.find_run(run)
    if point not in record.points:
        raise InputError(
            diagnostic("AT031", f"run {record.run_id} has no point {point}", help=suggest(point, record.points))
        )
    files = {file.name: file for file in store.raw(record.run_id, point)}
    if not files:
        raise InputError(
            diagnostic("AT031", f"nothing that the load client wrote is kept for point {point} of run {record.run_id}",
                       help="the built-in clients write none; `autotune results --format json` has all that they measured")
        )  # fmt: skip
    if not name and (len(files) > 1 or output is None):
        rows = [
            (file.name, str(file.size_bytes), "" if file.content is not None else "too large, not kept")
            for file in files.values()
        ]
        print_table(("file", "bytes", ""), rows, right=(1,))
        return 0
    _write(_choose(files, name, point), output)
    return 0


def _choose(files: dict[str, RawFile], name: str, point: str) -> bytes:
    chosen = name or next(iter(files))
    if chosen not in files:
        raise InputError(
            diagnostic("AT031", f"no file of point {point} is called {chosen}", help=suggest(chosen, list(files)))
        )
    content = files[chosen].content
    if content is None:
        raise InputError(
            diagnostic("AT031", f"{chosen} was too large to be kept ({files[chosen].size_bytes} bytes)",
                       help="it is in the run's folder, if that is still there")
        )  # fmt: skip
    return content


def _write(content: bytes, output: str | None) -> None:
    if output is not None:
        write_file(Path(output), content)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
