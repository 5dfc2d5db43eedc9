"""Whether the server is up, and whether what it needs is."""

from __future__ import annotations

import shutil
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from autotune import __version__
from autotune.diagnostics import InputError
from autotune.run.choose import docker_answers
from autotune.store import data_dir
from autotune.web.api.shapes import Alive, Health
from autotune.web.state import State

router = APIRouter(tags=["health"])

#: Less free space than this is too little for a run's logs, in bytes.
_LEAST_FREE = 268_435_456
#: How long an answer about executors holds, in s: a Docker engine that is away takes long to ask.
_HOLDS_S = 10.0


@router.get("/health", response_model=Alive, summary="Whether the server answers")
async def alive() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/api/v2/health", response_model=Health, responses={503: {"model": Health, "description": "Something that is needed does not work."}},
            summary="Whether what the server needs works")  # fmt: skip
def health(request: Request, state: State) -> Response:
    """The database, the executors, the disk, the queue. 503 when runs cannot be stored or started."""
    from autotune.web.paging import answer

    database, disk = _database(state), _disk()
    degraded = not database["ok"] or not disk["ok"]
    waiting = state.jobs.queue()
    data = {
        "status": "degraded" if degraded else "ok",
        "version": __version__,
        "read_only": state.settings.read_only,
        "database": database,
        "disk": disk,
        "executors": _EXECUTORS.look(),
        "queue": {
            "waiting": len(waiting.runs),
            "running": sum(item.lives for item in waiting.started),
            "max_runs": state.settings.max_runs,
        },
    }
    return answer(request, data, status=503 if degraded else 200)


def _database(state: State) -> dict[str, Any]:
    try:
        state.store.check()
    except InputError as error:
        return {"ok": False, "detail": error.diagnostics[0].message}
    return {"ok": True, "detail": None}


def _disk() -> dict[str, Any]:
    place = next((folder for folder in (data_dir(), *data_dir().parents) if folder.is_dir()), Path("/"))
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return {"ok": False, "free_bytes": None}
    return {"ok": free >= _LEAST_FREE, "free_bytes": free}


class _Executors:
    """What runs can be started with here; looked at again after a while."""

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []
        self._due = 0.0
        self._lock = threading.Lock()

    def look(self) -> list[dict[str, Any]]:
        with self._lock:
            if time.monotonic() >= self._due:
                self._found = [_executor(name) for name in ("local", "emulated", "docker", "kubernetes", "ome", "ray")]
                self._due = time.monotonic() + _HOLDS_S
            return self._found


_EXECUTORS = _Executors()


def _executor(name: str) -> dict[str, Any]:
    if name in ("local", "emulated"):
        return {"name": name, "available": True, "detail": "always there"}
    if name == "docker":
        here = docker_answers()
        return {"name": name, "available": here, "detail": "a Docker engine answers" if here else "no Docker engine of this machine answers"}  # fmt: skip
    package = "ray" if name == "ray" else "kubernetes"
    here = find_spec(package) is not None
    return {"name": name, "available": here, "detail": f"the package {package} is {'' if here else 'not '}installed"}
