"""Containers with the labels of a run, on the Docker engine that this machine uses, whose run is dead."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from autotune.run.pulse import take_pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: On every container that a run starts: the run's id, and its folder.
RUN_LABEL = "autotune/run"
FOLDER_LABEL = "autotune/folder"

_SOCKET = Path("/var/run/docker.sock")
_TIMEOUT_S = 20
_KNOCK_S = 2.0


class Orphan(NamedTuple):
    """A container of a dead run. `remove` removes it, and says why it could not, or nothing."""

    name: str
    run_id: str
    remove: Callable[[], str]


def find_containers(runs: Path) -> Iterator[Orphan]:
    """The containers of dead runs whose folders stand in `runs`; none where no Docker engine answers.

    Containers of folders that are not here belong to another machine or another data folder, and are left alone.
    """
    client = _connect()
    if client is None:
        return
    import docker.errors
    import requests

    failures = (docker.errors.DockerException, requests.RequestException)
    try:
        try:
            found = client.api.containers(all=True, filters={"label": [RUN_LABEL]})
        except failures:
            return
        for item in found:
            labels = item.get("Labels") or {}
            folder = Path(labels.get(FOLDER_LABEL) or "/")
            if folder.parent == runs and folder.is_dir() and take_pulse(folder).alive is None:
                name = next(iter(item.get("Names") or [item["Id"]])).lstrip("/")
                number = item["Id"]

                def remove(number: str = number) -> str:
                    return _remove(number, failures)

                yield Orphan(name, labels[RUN_LABEL], remove)
    finally:
        client.close()


def _remove(number: str, failures: tuple[type[Exception], ...]) -> str:
    client = _connect()
    if client is None:
        return "the Docker engine does not answer"
    try:
        client.api.remove_container(number, v=True, force=True)
    except failures as error:
        return "" if getattr(getattr(error, "response", None), "status_code", 0) == 404 else str(error)
    finally:
        client.close()
    return ""


def _answers(address: str) -> bool:
    """Whether something listens there: the client takes long to find out that nothing does. Other ways in are its own to try."""
    url = urlsplit(address)
    try:
        if url.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as door:
                door.settimeout(_KNOCK_S)
                door.connect(url.path)
        elif url.scheme in ("tcp", "http", "https"):
            socket.create_connection((url.hostname or "", url.port or 2375), timeout=_KNOCK_S).close()
    except (OSError, ValueError):
        return False
    return True


def _connect() -> Any:
    """A client of the engine that DOCKER_HOST names, else of this machine's; None where there is none."""
    if not _answers(os.environ.get("DOCKER_HOST") or f"unix://{_SOCKET}"):
        return None
    import docker
    import docker.errors

    try:
        return docker.from_env(timeout=_TIMEOUT_S)
    except docker.errors.DockerException:
        return None
