"""What is recorded of one diagnostic code."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a field of a NamedTuple is read at runtime by documentation tools
from types import MappingProxyType
from typing import NamedTuple

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Example(NamedTuple):
    """An input that triggers the code: a command line, and the files (path -> text) that it reads, if any."""

    command: str
    files: Mapping[str, str] = _NOTHING


class Code(NamedTuple):
    """What `autotune explain ATnnn` prints: `title` names it, `why` says why it is an issue, `remedy` what to do.

    `example` is the smallest input that triggers it.
    """

    severity: str
    title: str
    why: str
    remedy: str
    example: Example | None = None
