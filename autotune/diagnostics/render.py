"""Diagnostics as text for people. Plain strings; colour is the terminal's business."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.diagnostics.diagnostic import Diagnostic


def render_text(diagnostics: Iterable[Diagnostic]) -> str:
    """One block a finding, in the form that compilers have taught people to read.

    error[AT012]: message
      --> place that wrote it
      help: what to do
    """
    return "\n".join(_block(item) for item in diagnostics)


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    return json.dumps([item.as_dict() for item in diagnostics], indent=2, ensure_ascii=False)


def _block(item: Diagnostic) -> str:
    lines = [f"{item.severity.value}[{item.code}]: {item.message}"]
    if item.writer is not None:
        lines.append(f"  --> {item.writer}")
    elif item.path is not None:
        lines.append(f"  --> {item.path}")
    if item.point is not None:
        lines.append(f"  point: {item.point}")
    if item.help is not None:
        lines.append(f"  help: {item.help}")
    return "\n".join(lines)
