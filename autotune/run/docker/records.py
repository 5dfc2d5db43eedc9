"""Containers whose autotune was killed: found by what it wrote down, and by their labels, and removed."""

from __future__ import annotations

import json
import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any

from autotune.run.docker.address import Address, EngineError
from autotune.run.docker.engine import DockerEngine
from autotune.run.docker.spec import FOLDER_LABEL, MACHINE_LABEL, PROJECT, PROJECT_LABEL, RUN_LABEL
from autotune.run.lock import is_held
from autotune.schema import stable_hash

#: Not `.json`: those are records of processes.
SUFFIX = ".docker"


def write_record(path: Path, url: str, container: str) -> None:
    """Note, before a container is created, where it is going to be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps({"host": url, "container": container}))
    temporary.replace(path)


def sweep_records(folder: Path) -> int:
    """Remove the containers that the records in `folder` name, and what else dead runs left on those engines.

    The caller holds the run's lock. A record stays while its engine does not answer. Returns how many were removed.
    """
    removed = 0
    engines: dict[str, DockerEngine] = {}
    for record in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            data = json.loads(record.read_text())
            url, name = str(data["host"]), str(data["container"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        engine = engines.setdefault(url, DockerEngine(Address(url)))
        with suppress(EngineError):
            if engine.state(name) is not None:
                engine.remove(name)
                removed += 1
            record.unlink(missing_ok=True)
    for engine in engines.values():
        with suppress(EngineError):
            removed += remove_orphans(engine)
        engine.close()
    return removed


def find_orphans(engine: DockerEngine) -> list[dict[str, Any]]:
    """Containers of runs of this machine and user that live no more: `Id`, `Names`, `Labels`, `State`. Raises EngineError."""
    return [item for item in engine.labelled(f"{PROJECT_LABEL}={PROJECT}", RUN_LABEL) if _is_orphan(item["Labels"])]


def remove_orphans(engine: DockerEngine) -> int:
    """Remove what `find_orphans` finds; how many that were. Raises EngineError."""
    orphans = find_orphans(engine)
    for item in orphans:
        engine.remove(item["Id"])
    return len(orphans)


def owner_labels(folder: Path) -> dict[str, str]:
    """What tells a later autotune whether the run of this folder lives."""
    return {
        PROJECT_LABEL: PROJECT,
        RUN_LABEL: folder.name,
        FOLDER_LABEL: str(folder.absolute()),
        MACHINE_LABEL: machine_name(),
    }


def machine_name() -> str:
    """A name of this machine that no other has: its host name, and a digest of the identity that systemd gave it.

    Both, because containers share the one and their images the other; a digest, because that identity is not for others.
    """
    identity = ""
    with suppress(OSError):
        identity = Path("/etc/machine-id").read_text()
    return stable_hash([identity, platform.node()], 16)


def _is_orphan(labels: dict[str, str]) -> bool:
    """Whether the run's lock is there and free, or its folder gone from among others.

    Containers of other machines, and of users whose folders cannot be read, are not ours to judge.
    """
    if labels.get(MACHINE_LABEL) != machine_name() or FOLDER_LABEL not in labels:
        return False
    folder = Path(labels[FOLDER_LABEL])
    return not is_held(folder) if os.path.lexists(folder) else os.path.isdir(folder.parent)  # noqa: PTH112 - unreadable is False
