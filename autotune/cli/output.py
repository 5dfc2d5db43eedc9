"""What goes to the terminal: the answer to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

from autotune.diagnostics import Diagnostic, render_text, unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_COLOURS = {"error": "\033[1;31m", "warning": "\033[1;33m", "note": "\033[1;36m"}
_RESET = "\033[0m"


def print_json(data: Any) -> None:
    """Plain data to stdout, and nothing else there."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


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


def _colourful(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
