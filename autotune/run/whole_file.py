"""Files that are either as they were or as they are to be, whatever happens in between; and whether there is room for them."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

#: A folder that cannot take this much is full, in bytes: less than what one engine logs while it starts.
ROOM_BYTES = 1_048_576

#: Endings of drafts that a killed process left; nothing reads them.
DRAFT = ".draft"


def write_whole(path: Path, text: str, *, lasting: bool = True) -> None:
    """Write a file in one step: who reads it sees the old text or the new. `lasting` has it survive a power cut too.

    Raises OSError, and leaves the old text then.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=DRAFT, dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def check_room(folder: Path, size: int = ROOM_BYTES) -> None:
    """Raise the OSError that writing `size` bytes there meets: a full disk, a quota, no right to write, a read-only system.

    The bytes are really asked for: quotas and reserved blocks are in no figure of free space.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                    raise
            else:
                return
        file.write(b"\0" * size)
        file.flush()
