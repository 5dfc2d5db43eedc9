"""Files that travel into a pod through ConfigMaps, and out of it through its log. Pure but for the folders named."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import tarfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes of one piece: a ConfigMap holds 1 MiB (https://kubernetes.io/docs/concepts/configuration/configmap/).
PIECE_BYTES = 900_000


def pack(folder: Path) -> list[bytes]:
    """The regular files of a folder and those below, as pieces of one packed archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                archive.add(path, path.relative_to(folder).as_posix())
    content = packed.getvalue()
    return [content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES)]


class LogReader:
    """A pod's log, bit by bit: what the client printed, and the files behind it.

    `status` is the command's exit status once the last line is there, None before that.
    """

    def __init__(self, marker: str) -> None:
        self._begin, self._end = f"{marker} BEGIN".encode(), f"{marker} END ".encode()
        self._rest = b""
        self._files: list[bytes] | None = None
        self.status: int | None = None

    def feed(self, data: bytes) -> bytes:
        """Take more of the log; returns what of it the client printed, in whole lines."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        printed = []
        for line in lines:
            if self.status is not None:
                break
            if self._files is None and line == self._begin:
                self._files = []
            elif self._files is None:
                printed.append(line + b"\n")
            elif line.startswith(self._end):
                self.status = int(line[len(self._end) :])
            else:
                self._files.append(line)
        return b"".join(printed)

    def unpack(self, folder: Path) -> int:
        """Write the files into a folder; the command's exit status. Raises ValueError for a log that does not hold them whole."""
        if self.status is None or self._files is None:
            raise ValueError("the log ends before its files do")
        try:
            packed = b"".join(binascii.a2b_base64(line, strict_mode=True) for line in self._files)
            content = gzip.decompress(packed)
        except (binascii.Error, zlib.error, EOFError, OSError) as error:
            raise ValueError(f"the files in the log are damaged: {error}") from error
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if member.isfile() and (file := archive.extractfile(member)) is not None:
                    place = _inside(folder, member.name)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(file.read())
        return self.status


def encode(piece: bytes) -> str:
    """A piece as `binaryData` of a ConfigMap holds it."""
    return base64.b64encode(piece).decode()


def _inside(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"the log holds a file outside its folder: {name!r}")
    return folder / path
