"""What runs in a load client's pod: files in, the client's own command, files out through the pod's log.

The text of this file is handed to `python3 -c`, so it needs nothing but the standard library of whatever Python 3.8 or
later an image has. Arguments: the folder with the files to work on (`-` for none), the folder to work in, the marker of the
files in the log, folders to look for the command in, joined by colons, and the command itself; without one the folder is only read.
"""

from __future__ import annotations

import base64
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

#: What a shell gives for a command that is not there.
NOT_FOUND = 127
_LINE = 57  # bytes that make a line of 76 characters


def main(inbox: str, folder: str, marker: str, search: str, *command: str) -> int:
    """The command's exit status."""
    work = Path(folder)
    given = {} if inbox == "-" else unpack(Path(inbox), work)
    status = run(command, work, search) if command else 0
    send(work, given, marker, status)
    return status


def unpack(inbox: Path, folder: Path) -> dict[str, int]:
    """Put the pieces of one archive together; what stands where afterwards, so that only news is sent back."""
    content = b"".join(piece.read_bytes() for piece in sorted(inbox.glob("piece-*")))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(folder)  # noqa: S202 - packed by the same run
        return {name: (folder / name).stat().st_mtime_ns for name in archive.getnames()}


def run(command: tuple[str, ...], folder: Path, search: str) -> int:
    """Run the command in the folder; both its outputs go to this process's."""
    found = (shutil.which(command[0], path=search) if search else None) or shutil.which(command[0])
    if found is None:
        print(f"this image has no command {command[0]}", flush=True)
        return NOT_FOUND
    child = subprocess.Popen([found, *command[1:]], cwd=folder, stderr=subprocess.STDOUT)  # noqa: S603 - a list, no shell
    # As the first process of its container it gets no signal that it does not ask for.
    signal.signal(signal.SIGTERM, lambda *_: child.kill())
    return child.wait()


def send(folder: Path, given: dict[str, int], marker: str, status: int) -> None:
    """Print what is new in the folder, as a packed archive between two lines."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for base, _, names in os.walk(str(folder)):
            for path in (Path(base) / name for name in sorted(names)):
                inside = path.relative_to(folder).as_posix()
                if path.is_file() and given.get(inside) != path.stat().st_mtime_ns:
                    archive.add(str(path), inside)
    content, out = packed.getvalue(), sys.stdout
    out.write(f"\n{marker} BEGIN\n")
    for at in range(0, len(content), _LINE):
        out.write(base64.b64encode(content[at : at + _LINE]).decode() + "\n")
    out.write(f"{marker} END {status}\n")
    out.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
