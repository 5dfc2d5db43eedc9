"""What goes to the terminal: the answer to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from autotune.diagnostics import Diagnostic, InputError, diagnostic, render_sarif, render_text, unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_COLOURS = {"error": "\033[1;31m", "warning": "\033[1;33m", "note": "\033[1;36m"}
_RESET = "\033[0m"


def print_json(data: Any) -> None:
    """Plain data to stdout, and nothing else there."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_sarif(diagnostics: Sequence[Diagnostic], task: str | None) -> None:
    """Findings as SARIF to stdout. Paths are those of the repository that the current folder lies in.

    What no file of the repository wrote is put on the task file, so that the code host has a place for it.
    """
    from autotune import __version__

    root = _repository_root(Path.cwd())
    written = {item.writer.file for item in diagnostics if item.writer is not None and item.writer.file is not None}
    places = {name: place for name in written if (place := _place(name, root)) is not None}
    elsewhere = None if task is None else _place(task, root)
    print_json(render_sarif(diagnostics, version=__version__, places=places, elsewhere=elsewhere))


def print_diagnostics(
    diagnostics: Iterable[Diagnostic], file: TextIO | None = None, labels: Mapping[str, str] | None = None
) -> None:
    """Each finding once. `labels` gives a point id the words that people know it by; the only point needs none."""
    stream = sys.stderr if file is None else file
    for item in unique(diagnostics):
        block = render_text([item])
        if item.point is not None:
            known = (labels or {}).get(item.point) if len(labels or ()) > 1 else None
            block = (
                block.replace(f"  point: {item.point}", f"  point: {known}" if known else "")
                .replace("\n\n", "\n")
                .rstrip()
            )
        if _colourful(stream):
            head, bracket, rest = block.partition("[")
            block = f"{_COLOURS[item.severity.value]}{head}{bracket}{rest.replace(':', f':{_RESET}', 1)}"
        stream.write(f"{block}\n")


def say(text: str) -> None:
    """A line for people, on stderr."""
    sys.stderr.write(f"{text}\n")


def write_file(path: Path, content: bytes) -> None:
    """Write a file that was named with -o. Raises InputError (AT001) where that is impossible."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(
            diagnostic("AT001", f"{path} cannot be written: {(error.strerror or str(error)).lower()}",
                       help="choose another file with -o")
        ) from None  # fmt: skip


def _repository_root(folder: Path) -> Path:
    """The nearest folder above that is a git work tree, else the folder itself."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


def _place(name: str, root: Path) -> str | None:
    """A file's path from the root of the repository; None for one that is not there or lies outside."""
    file = Path(name)
    if not file.exists():
        return None
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return None


def _colourful(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
