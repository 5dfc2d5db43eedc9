"""A container's output, copied to a file as it comes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from autotune.run.docker.address import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from autotune.run.docker.engine import DockerEngine

_AGAIN_S = 1.0
_END_S = 5.0


class ContainerLog:
    """A thread that follows one container. When the engine breaks off it is asked again, and tells everything anew."""

    def __init__(self, engine: DockerEngine, container: str, path: Path) -> None:
        self._engine = engine
        self._container = container
        self._path = path
        self._stopped = threading.Event()
        self._open = True
        self._thread = threading.Thread(target=self._run, name=f"log-{container[:12]}", daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        """Whether the container's output is being followed, or is about to be: false soon after it ended."""
        return self._open

    def settle(self) -> None:
        """Wait, for a moment at most, until all that an ended container said is in the file."""
        self._thread.join(_END_S)

    def stop(self) -> None:
        """Take no more of it, and let go of the engine."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._open = True
                self._copy()
            except EngineError:
                self._open = False
                self._stopped.wait(_AGAIN_S)
            except OSError:
                return  # the disk is full, or the folder gone: nothing to copy to
            else:
                self._open = False
                return

    def _copy(self) -> None:
        answer = self._engine.open_log(self._container)
        try:
            with self._path.open("wb", buffering=0) as file:
                for chunk in self._engine.read_log(answer):
                    if self._stopped.is_set():
                        return
                    file.write(chunk)
        finally:
            answer.close()
