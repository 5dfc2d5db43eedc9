"""What a load client left, byte by byte: packed for the store, and unpacked again."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: A larger file is noted by its name, size and hash, and not kept; nor is what would make a point larger than the second.
MAX_FILE_BYTES = 16 * 2**20
MAX_POINT_BYTES = 64 * 2**20

_ENCODING = "gzip"


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file that is kept, or would have been: `content` is None where it was too large."""

    name: str
    """Its path below the folder that the client wrote into, with `/`."""
    size_bytes: int
    sha256: str | None
    content: bytes | None

    @classmethod
    def of(cls, name: str, content: bytes) -> RawFile:
        return cls(name, len(content), hashlib.sha256(content).hexdigest(), content)


def within_limits(files: Iterable[RawFile]) -> list[RawFile]:
    """The files, without the content of those that are too large."""
    kept, total = [], 0
    for file in files:
        large = file.size_bytes > MAX_FILE_BYTES or total + file.size_bytes > MAX_POINT_BYTES
        total += 0 if large else file.size_bytes
        kept.append(RawFile(file.name, file.size_bytes, file.sha256, None) if large else file)
    return kept


def raw_row(run_id: str, point_id: str, file: RawFile) -> dict[str, Any]:
    """The row of `raw_outputs` for one file. The same content gives the same bytes."""
    return {
        "run_id": run_id,
        "point_id": point_id,
        "name": file.name,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "encoding": None if file.content is None else _ENCODING,
        "content": None if file.content is None else gzip.compress(file.content, mtime=0),
    }


def read_raw(row: Mapping[str, Any]) -> RawFile:
    """A file from its row. Raises ValueError for content that is not what was stored."""
    content = row["content"]
    if content is not None:
        content = gzip.decompress(content)
        if hashlib.sha256(content).hexdigest() != row["sha256"]:
            raise ValueError(f"{row['name']} is not what was stored")
    return RawFile(row["name"], row["size_bytes"], row["sha256"], content)
