"""What a load client wrote for a point, taken for the store: every file, with secrets of the environment hidden."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from autotune.run.redact import mask
from autotune.store.raw import MAX_FILE_BYTES, RawFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def collect_raw(folder: Path, env: Mapping[str, str]) -> list[RawFile]:
    """The files below a folder, in order. Links are not followed; a file too large to keep is noted without being read.

    The values of secrets are hidden as in logs, so a file that holds one is kept without it. A file that cannot be read
    is left out: raw output is evidence, and no reason to lose a result.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_symlink() or not path.is_file():
                continue
            name, size = path.relative_to(folder).as_posix(), path.stat().st_size
            if size > MAX_FILE_BYTES:
                found.append(RawFile(name, size, None, None))
                continue
            found.append(RawFile.of(name, hide_secrets(path.read_bytes(), env)))
        except OSError:
            continue
    return found


def hide_secrets(content: bytes, env: Mapping[str, str] = os.environ) -> bytes:
    """The content with every secret's value hidden, otherwise byte for byte the same, text or not."""
    text = content.decode("utf-8", "surrogateescape")
    return mask(text, env).encode("utf-8", "surrogateescape")
