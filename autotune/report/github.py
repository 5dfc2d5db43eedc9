"""GitHub's Markdown: text from outside as code, which mentions nobody, links nothing and breaks no table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autotune.report.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Longer texts are cut where a line holds them.
_MOST = 160


def code(text: str, most: int = _MOST) -> str:
    """Text as a code span, in tables too; an empty one for no text. Line ends become spaces, long texts are cut.

    GitHub Flavored Markdown, 6.3: a span is closed by as many backticks as opened it; 4.10: a pipe within a table is
    escaped inside of spans too.
    """
    line = " ".join(clean(text).split())
    if not line:
        return ""
    line = line if len(line) <= most else f"{line[: most - 4]} ..."
    fence = "`" * (_longest_run(line) + 1)
    space = " " if line[0] == "`" or line[-1] == "`" else ""
    shown = line.replace("|", "\\|")
    return f"{fence}{space}{shown}{space}{fence}"


def block(text: str, language: str = "") -> str:
    """Text as a fenced block, whatever fences are in it."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{clean(text).rstrip()}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool]) -> str:
    """A table of cells that are Markdown already; `right` says which columns are numbers."""
    lines = [head, ["--:" if number else "---" for number in right], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def fold(summary: str, body: str) -> str:
    """A part that is folded until it is opened. `summary` is HTML and is written by us."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
