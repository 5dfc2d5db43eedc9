"""A command line in groups: each flag with the words that follow it."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

#: `--flag`, `-f`, `-tp`, with what stands behind `=`; a negative number and `--` alone are values.
_FLAG = re.compile(r"(?P<flag>--?[A-Za-z][\w.\-]*)(?:=(?P<value>.*))?", re.DOTALL)


class FlagGroup(NamedTuple):
    """One flag as written, with its values; `flag` is empty for the words before the first one."""

    flag: str
    values: tuple[str, ...]


def split_flag_groups(argv: Iterable[str]) -> list[FlagGroup]:
    """The groups of a command line in order; `--x=v` and `--x v` are alike. The first is that of the command, if there is one."""
    return [FlagGroup(flag, tuple(values)) for flag, values in split_flags(argv)]


def split_flags(argv: Iterable[str]) -> list[tuple[str, list[str]]]:
    """`split_flag_groups` for those who have ten thousand command lines."""
    groups: list[tuple[str, list[str]]] = []
    words = [*argv]
    for word, hit in zip(words, map(_read_flag, words), strict=True):
        if hit is not None:
            groups.append((hit[0], [] if hit[1] is None else [hit[1]]))
        elif groups:
            groups[-1][1].append(word)
        else:
            groups.append(("", [word]))
    return groups


@functools.lru_cache(maxsize=4096)
def _read_flag(word: str) -> tuple[str, str | None] | None:
    """The flag and what stands behind its `=`; None for a word that is none."""
    hit = _FLAG.fullmatch(word)
    return None if hit is None else (hit["flag"], hit["value"])
