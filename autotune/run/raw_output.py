"""What a load client wrote for a point, taken for the store: every file, with secrets of the environment hidden."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from autotune.run.redact import HIDDEN, mask
from autotune.store.raw import MAX_FILE_BYTES, RawFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


#: `--api-key KEY` in a command line, `"api_key": "KEY"` in JSON.
_API_KEY = re.compile(r"""(?P<before>--api[-_]key[ =]['"]?|"api[-_]?key"\s*:\s*")(?P<key>[^\s"'\\]+)""", re.IGNORECASE)
#: What stands for no key.
_NO_KEYS = ("none", "null", "EMPTY", "-")


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
    """The content with every secret's value hidden, otherwise byte for byte the same, text or not.

    Secrets are those of the environment, and API keys where load clients write down how they were called.
    """
    text = content.decode("utf-8", "surrogateescape")
    text = _API_KEY.sub(lambda hit: hit[0] if hit["key"] in _NO_KEYS else f"{hit['before']}{HIDDEN}", text)
    return mask(text, env).encode("utf-8", "surrogateescape")
