"""Overrides of the plainest kind, `path=word`, `path=1,2` and `path=[a,b]`, read without Hydra's parser.

Almost every override is one of these, and importing Hydra with its parser takes longer than compiling a point. Nothing is
read here that Hydra would read otherwise (`tests/compose/test_plain_override.py` holds the two together); whatever has a
blank, an escape, an interpolation, a function or a map in it is left to Hydra.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_KEY = re.compile(r"\+{0,2}((?!hydra\b)[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)=", re.ASCII)
_ELEMENT = re.compile(
    r"""(?P<number>[+-]?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?)(?=[,\]]|$)
      |(?P<quoted>'[^'\\$]*'|"[^"\\$]*")(?=[,\]]|$)
      |(?P<word>[A-Za-z_/][A-Za-z0-9_/.:@-]*)(?=[,\]]|$)""",
    re.ASCII | re.VERBOSE,
)
_KEYWORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
#: Numbers by Hydra's grammar, which few people mean: Hydra's to read.
_ODD = frozenset({"inf", "nan"})


@dataclass(frozen=True, slots=True)
class PlainOverride:
    """What an override says: a path and its values, of which more than one, or one in a sweep, make points."""

    key: str
    values: tuple[Any, ...]

    @property
    def swept(self) -> bool:
        """Whether there is a comma outside brackets."""
        return len(self.values) > 1


def read_plain(text: str) -> PlainOverride | None:
    """The override as Hydra's grammar reads it; None for one that is Hydra's own to read."""
    key = _KEY.match(text)
    if key is None:
        return None
    values, end = _read_elements(text, key.end())
    return PlainOverride(key[1], tuple(values)) if values and end == len(text) else None


def _read_elements(text: str, start: int, *, within: bool = False) -> tuple[list[Any], int]:
    """Elements with commas between them, and where they end. No element at all, when one is not plain."""
    values: list[Any] = []
    while True:
        if not within and text.startswith("[]", start):
            values.append([])
            start += 2
        elif not within and text.startswith("[", start):
            inner, end = _read_elements(text, start + 1, within=True)
            if not inner or not text.startswith("]", end):
                return [], start
            values.append(inner)
            start = end + 1
        else:
            element = _ELEMENT.match(text, start)
            if element is None or (element["word"] or "").lower() in _ODD:
                return [], start
            values.append(_value(element))
            start = element.end()
        if not text.startswith(",", start):
            return values, start
        start += 1


def _value(element: re.Match[str]) -> Any:
    if element["number"] is not None:
        return float(element["number"]) if element["fraction"] else int(element["number"])
    if element["quoted"] is not None:
        return element["quoted"][1:-1]
    word = element["word"]
    return _KEYWORDS.get(word.lower(), word)
