"""Differences on the terminal: one line each, aligned, with who set what."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.compare import Difference

_HEADS = {"image": "image", "flag": "flags", "env": "environment", "file": "config files", "config": "config"}
_STYLES = {"+": "green", "-": "red", "~": "yellow"}
#: Longest value that is shown whole; JSON has all of it.
_LONGEST = 100


def print_differences(items: Sequence[Difference], indent: str = "  ") -> None:
    """The differences to stdout, by kind: `+` is new, `-` is gone, `~` is other. In a pipe nothing is wrapped."""
    console = Console(highlight=False, file=sys.stdout)
    if not console.is_terminal:
        console.width = 1000
    for kind, head in _HEADS.items():
        rows = [item for item in items if item.kind == kind]
        if not rows:
            continue
        console.print(Text(f"{indent}{head}", style="bold"))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(overflow="fold")
        for item in rows:
            mark = "+" if item.before is None else "-" if item.after is None else "~"
            table.add_row(
                Text(f"{indent}  {mark} {_printable(item.name)}", style=_STYLES[mark]),
                Text(_change(item)),
                Text(_writers(item), style="dim"),
            )
        with console.capture() as capture:
            console.print(table)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _change(item: Difference) -> str:
    if item.before is None:
        return _shown(item.after or ())
    if item.after is None:
        return _shown(item.before)
    return f"{_shown(item.before) or '(given)'} -> {_shown(item.after) or '(given)'}"


def _writers(item: Difference) -> str:
    """Who set it, once where both sides have it from one place; the config path where the name is another."""
    texts = dict.fromkeys(text for text in (item.set_before, item.set_after) if text is not None)
    who = " -> ".join(_printable(text) for text in texts)
    path = item.path if item.kind != "config" and item.path is not None else ""
    return ": ".join(part for part in (path, who) if part)


def _shown(values: Sequence[str]) -> str:
    text = " ".join(_printable(value) if _plain(value) else shlex.quote(_printable(value)) for value in values)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _plain(value: str) -> bool:
    return value != "" and " " not in value


def _printable(text: str) -> str:
    """One line, without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
