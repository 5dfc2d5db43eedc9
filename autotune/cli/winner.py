"""emit --run: one point of a stored run as a package, with nothing run again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.output import print_diagnostics, say, write_file
from autotune.packing import pack_point
from autotune.report.package import archive
from autotune.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence


def pack_winner(store: str | None, run: str | None, pick: str, targets: Sequence[str]) -> dict[str, str]:
    """The files of the package. Raises InputError: AT031 for a run or point that is not there, AT063 where nothing can be picked."""
    with Store(store) as opened:
        record = opened.find_run(run)
        results = opened.results(record.run_id)
    packed = pack_point(record, results, pick, targets)
    print_diagnostics(packed.notes)
    say(f"point {packed.result.point_id} of run {record.run_id}, picked as {packed.why}")
    if packed.secrets:
        say(f"secrets are in no file; set {', '.join(packed.secrets)} where the server runs")
    return packed.files


def write_package(files: dict[str, str], output: str) -> int:
    """Write a folder, or an archive where the name ends in .tar.gz or .tgz; how many files it has."""
    from autotune.cli.verbs.emit import write_files

    path = Path(output)
    if output.endswith((".tar.gz", ".tgz")):
        write_file(path, archive(files, path.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz")))
    else:
        write_files(path, files)
    return len(files)
