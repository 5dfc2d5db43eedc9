"""The lock of a run: held by the process that works on it, released by the kernel when that process ends."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

#: Who only looks whether a lock is held holds it for an instant; a moment's patience tells the two apart.
_INSTANT_S = 0.25
_RETRY_S = 0.01


class RunLock:
    """An exclusive lock on the file `lock` of a folder. Entering raises BlockingIOError while another holds it, unless `wait`,
    and FileNotFoundError where the folder is gone.
    """

    def __init__(self, folder: Path, *, wait: bool = False) -> None:
        self._path = folder / "lock"
        self._wait = wait
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        end = time.monotonic() + _INSTANT_S
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if self._wait else fcntl.LOCK_NB))
                if _is_that_file(descriptor, self._path):
                    self._descriptor = descriptor
                    return self
                os.close(descriptor)  # the folder was removed meanwhile, and perhaps made again
            except BlockingIOError:
                os.close(descriptor)
                if time.monotonic() > end:
                    raise
                time.sleep(_RETRY_S)
            except BaseException:
                os.close(descriptor)
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_held(folder: Path) -> bool:
    """Whether a process works on the run of that folder now. Makes nothing; a folder without a lock is nobody's, and one whose
    lock cannot be looked at (another user's) counts as held.
    """
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_that_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
