"""Servers whose autotune and supervisor were both killed: found by what the supervisor wrote down, and ended."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil

from autotune.run.lock import RunLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GONE_S = 10.0
#: In the environment of every process of a server: the path of its record.
SERVER_VARIABLE = "AUTOTUNE_SERVER"
#: Two readings of one process's start may differ by a clock tick.
_SAME_START_S = 0.05


def sweep_runs(runs: Path) -> int:
    """End what dead runs left behind; a run whose lock is held is alive and left alone. Returns how many processes and
    objects on clusters.
    """
    ended = 0
    for folder in sorted(runs.iterdir()) if runs.is_dir() else ():
        if any((folder / "servers").glob("*")):
            with suppress(BlockingIOError), RunLock(folder):
                ended += sweep_servers(folder)
    return ended


def sweep_servers(folder: Path) -> int:
    """End every process that the records in `folder/servers` name, and their descendants, and delete what they name on
    clusters. The caller holds the run's lock.
    """
    ended = _sweep_clusters(folder / "servers")
    for record in sorted((folder / "servers").glob("*.json")):
        processes = {process.pid: process for process in _recorded(record)}
        for process in processes.values():
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(list(processes.values()), timeout=_GONE_S)
        ended += len(processes)
        record.unlink(missing_ok=True)
    return ended


def _sweep_clusters(records: Path) -> int:
    if not any(records.glob("*.cluster")):
        return 0
    from autotune.run.cluster.records import sweep_records

    return sweep_records(records)


def end_tree(process: psutil.Process) -> None:
    """Kill a process's descendants; then itself, should it not end with them."""
    with suppress(psutil.Error):
        for child in process.children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
        process.wait(timeout=_GONE_S)
    with suppress(psutil.Error):
        process.kill()


def _recorded(record: Path) -> Iterator[psutil.Process]:
    try:
        data = json.loads(record.read_text())
        supervisor, engine = (_alive(data[name]) for name in ("supervisor", "engine"))
        group = int(data["engine"]["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    # Found in three ways, because processes leave groups, lose parents and overwrite their environment (for a title).
    # The supervisor would end the engine too, politely; it goes first, so that nobody waits for that.
    for process in (supervisor, engine):
        if process is not None:
            yield process
            with suppress(psutil.Error):
                yield from process.children(recursive=True)
    taken = engine is None and psutil.pid_exists(group)  # by a later process, whose group it is now
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            member = not taken and os.getpgid(process.pid) == group
            if member or process.environ().get(SERVER_VARIABLE) == str(record):
                yield process


def _alive(entry: dict[str, Any]) -> psutil.Process | None:
    """The process of that number if it is still the one that was recorded."""
    try:
        process = psutil.Process(int(entry["pid"]))
        same = abs(process.create_time() - float(entry["create_time"])) < _SAME_START_S
    except psutil.Error:
        return None
    return process if same else None
