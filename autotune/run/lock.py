"""The lock of a run: held by the process that works on it, released by the kernel when that process ends."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class RunLock:
    """An exclusive lock on the file `lock` of a folder. Entering raises BlockingIOError while another holds it, unless `wait`."""

    def __init__(self, folder: Path, *, wait: bool = False) -> None:
        self._path = folder / "lock"
        self._flags = fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, self._flags)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
