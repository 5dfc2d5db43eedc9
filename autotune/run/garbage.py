"""What dead runs left behind on this machine and on clusters: found, shown, and only then removed.

Each finder looks at one kind of thing. A run is dead when nobody holds its lock; the lock is taken before anything of the
run is removed, so that a run that comes back to life in between is left alone.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psutil

from autotune.run.leftovers import SERVER_VARIABLE, recorded_processes, sweep_servers
from autotune.run.lock import RunLock
from autotune.run.pulse import take_pulse
from autotune.run.state import RUN_FILE
from autotune.run.whole_file import DRAFT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autotune.store.store import Store

_GONE_S = 10.0
#: `autotune-cluster-PID-...`: what a process keeps while it talks to a cluster.
_TEMPORARY = "autotune-cluster-"


class Leftover(NamedTuple):
    """One thing that is left of a dead run. `remove` removes it, and says why it could not, or nothing."""

    kind: str
    what: str
    run_id: str
    why: str
    remove: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: the folder of all runs, the store that says which runs there are, and the folder of temporary files."""

    runs: Path
    store: Store
    temporary: Path


def find_leftovers(place: Place) -> list[Leftover]:
    """Everything that can be removed, in the order in which it should be."""
    return [item for find in FINDERS for item in find(place)]


def default_place(data: Path, store: Store) -> Place:
    return Place(data / "runs", store, Path(tempfile.gettempdir()))


def _records(place: Place) -> Iterator[Leftover]:
    """What the records of servers name: processes, containers and objects on clusters."""
    for folder in _dead(place.runs):
        for record in sorted((folder / "servers").glob("*.*")):
            if record.suffix not in _NAMED:
                continue
            for kind, what in _NAMED[record.suffix](record) or [("record", record.name)]:
                why = "its run is dead" if kind != "record" else "what it names is gone"
                yield Leftover(kind, what, folder.name, why, lambda folder=folder: _sweep(folder))  # type: ignore[misc]


def _strays(place: Place) -> Iterator[Leftover]:
    """Processes of servers whose record is gone."""
    known = {process.pid for folder in _dead(place.runs) for process in _recorded_in(folder)}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            named = process.environ().get(SERVER_VARIABLE)
            if named is None or process.pid in known or process.status() == psutil.STATUS_ZOMBIE:
                continue
            folder = Path(named).parent.parent
            if folder.parent == place.runs and take_pulse(folder).alive is None:
                yield Leftover("process", _process(process), folder.name, "its run is dead",
                               lambda process=process: _kill(process))  # type: ignore[misc] # fmt: skip


def _containers(_: Place) -> Iterator[Leftover]:
    """Containers with a run's labels, whatever became of its records, on the engine that DOCKER_HOST or Docker's context names."""
    from autotune.run.docker.address import EngineError, find_address
    from autotune.run.docker.engine import DockerEngine
    from autotune.run.docker.records import find_orphans
    from autotune.run.docker.spec import RUN_LABEL

    engine = DockerEngine(find_address(None))

    def remove(number: str) -> str:
        try:
            engine.remove(number)
        except EngineError as error:
            return error.message
        return ""

    try:
        engine.address.knock()
        found = find_orphans(engine)
    except EngineError:
        return  # no engine, so no containers
    finally:
        engine.close()
    for item in found:
        name = next(iter(item.get("Names") or [item["Id"]])).lstrip("/")
        yield Leftover("container", name, item["Labels"][RUN_LABEL], "its run is dead", partial(remove, item["Id"]))


def _temporary_folders(place: Place) -> Iterator[Leftover]:
    for folder in sorted(place.temporary.glob(f"{_TEMPORARY}*")):
        number = folder.name.removeprefix(_TEMPORARY).partition("-")[0]
        with suppress(OSError):
            if number.isdecimal() and folder.stat().st_uid == os.getuid() and not psutil.pid_exists(int(number)):
                yield Leftover("temporary folder", str(folder), "", f"process {number} is gone",
                               lambda folder=folder: _delete(folder))  # type: ignore[misc] # fmt: skip


def _run_folders(place: Place) -> Iterator[Leftover]:
    """Folders of runs that never came to be, and of those that their store has no more."""
    for folder in _dead(place.runs):
        why = _stale(folder, place.store)
        if why is not None:
            yield Leftover("run folder", f"{folder} ({_size(folder)})", folder.name, why,
                           lambda folder=folder: _delete_run(folder))  # type: ignore[misc] # fmt: skip


#: To find another kind of thing: a function here.
FINDERS: tuple[Callable[[Place], Iterator[Leftover]], ...] = (
    _records,
    _strays,
    _containers,
    _temporary_folders,
    _run_folders,
)


def _dead(runs: Path) -> Iterator[Path]:
    for folder in sorted(runs.iterdir()) if runs.is_dir() else ():
        if folder.is_dir() and not folder.is_symlink() and take_pulse(folder).alive is None:
            yield folder


def _recorded_in(folder: Path) -> Iterator[psutil.Process]:
    for record in (folder / "servers").glob("*.json"):
        yield from recorded_processes(record)


def _named_processes(record: Path) -> list[tuple[str, str]]:
    found = {process.pid: process for process in recorded_processes(record)}
    shown = []
    for process in found.values():
        with suppress(psutil.Error):  # it has ended meanwhile, or is a zombie
            shown.append(("process", _process(process)))
    return shown


def _named_container(record: Path) -> list[tuple[str, str]]:
    try:
        data = json.loads(record.read_text())
        return [("container", f"{data['container']} at {data['host']}")]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _named_objects(record: Path) -> list[tuple[str, str]]:
    from autotune.run.cluster.records import read_record

    try:
        found = read_record(record)
    except ValueError:
        return []
    where = f" in context {found.context}" if found.context else ""
    return [("cluster object", f"{ref}{f' in {ref.namespace}' if ref.namespace else ''}{where}") for ref in found.refs]


#: What a record names, by the ending of its name.
_NAMED: dict[str, Callable[[Path], list[tuple[str, str]]]] = {
    ".json": _named_processes,
    ".docker": _named_container,
    ".cluster": _named_objects,
}


def _process(process: psutil.Process) -> str:
    words = " ".join(process.cmdline()) or process.name()
    return f"{process.pid}: {words if len(words) <= 100 else words[:99] + '…'}"


def _stale(folder: Path, store: Store) -> str | None:
    """Why a run's folder is of no more use; None where it is, or may be."""
    if store.has_run(folder.name):
        return None
    try:
        note = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        empty = all(item.name == "lock" or item.name.endswith(DRAFT) for item in folder.iterdir())
        return "the run never started" if empty else None
    except (OSError, ValueError):
        return None
    # A run of another store is that store's.
    return "its store has it no more" if isinstance(note, dict) and note.get("store") == store.name else None


def _size(folder: Path) -> str:
    size = 0
    for item in folder.rglob("*"):
        with suppress(OSError):
            size += item.lstat().st_size
    return f"{size / 1e6:.1f} MB"


def _sweep(folder: Path) -> str:
    try:
        with RunLock(folder):
            sweep_servers(folder)
    except (BlockingIOError, FileNotFoundError):
        return ""  # someone works on the run again, or everything is gone
    left = [record.name for record in (folder / "servers").glob("*.*") if record.suffix in _NAMED]
    return f"what {', '.join(left)} names could not be reached" if left else ""


def _kill(process: psutil.Process) -> str:
    try:
        process.kill()
        process.wait(_GONE_S)
    except psutil.NoSuchProcess:
        return ""
    except psutil.Error as error:
        return str(error)
    return ""


def _delete(folder: Path) -> str:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _delete_run(folder: Path) -> str:
    try:
        # The lock of all runs first: nobody opens a run meanwhile.
        with RunLock(folder.parent, wait=True), RunLock(folder):
            return _delete(folder)
    except (BlockingIOError, FileNotFoundError):
        return ""
