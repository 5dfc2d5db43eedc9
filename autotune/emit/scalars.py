"""Scalars of a manifest as YAML spells them, the same bytes on every machine.

PyYAML's own choice of quotes is not enough: it leaves `1e3`, `0o17`, `08` and `y` plain, which the YAML readers of
Kubernetes and Compose (Go) take for numbers and booleans, and its C and Python writers differ beyond the BMP. So every
scalar's style is decided here, and PyYAML is handed events rather than objects. ASCII on one line, which is most of what a
manifest holds, is spelled here as PyYAML would where there is no doubt how; a test holds the two against each other.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from autotune.emit.printable import is_printable

if TYPE_CHECKING:
    from collections.abc import Iterable

# Both write the same bytes for the events made here; the one in C is several times faster.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

#: Text that some YAML 1.1 or 1.2 reader takes for a number, a date, a boolean, null, a merge key or a default value.
_AMBIGUOUS = re.compile(r"[-+]?[._0-9].*|y|n|yes|no|on|off|true|false|null|~|<<|=", re.IGNORECASE)
_PRINTABLE = re.compile(r"[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*")
#: No indentation indicator, no trailing blanks that a block cannot show, at most one line break at the end.
_BLOCK = re.compile(r"(?![ \n])(?:[^\n]*[^ \n]\n|\n)*[^\n]*[^ \n]\n?")
#: Far longer than any line, so that nothing is folded.
_WIDTH = 2**31 - 1
#: Characters of ASCII that a plain scalar cannot begin with.
_INDICATORS = frozenset("#,[]{}&*!|>'\"%@`")
#: Some of what may stand plain behind a key or a dash: begins with a letter, `/`, `$` or a flag's dashes; no `: `, no ` #`,
#: no blank at the end.
_PLAIN = re.compile(r"(?:[A-Za-z/$]|--?(?=[A-Za-z]))(?:[!\"$-9;-~]|:(?=[!-~])| (?=[!\"$-~]))*")


@functools.lru_cache(maxsize=4096)
def value_text(text: str) -> str | None:
    """A text behind a key or a dash where it takes one line; None where it is a block of lines."""
    if text.isascii() and is_printable(text) and text:
        if text[0] in _INDICATORS or _AMBIGUOUS.fullmatch(text):
            return f"""'{text.replace("'", "''")}'"""
        if _PLAIN.fullmatch(text):
            return text
    return None if _style(text) == "|" else spell_by_pyyaml(text)


def spell_by_pyyaml(text: str) -> str:
    """What PyYAML writes behind a key for a text that takes one line."""
    laid = emit_events(_around([scalar("k"), text_scalar(text)]))
    return laid.removeprefix("---\nk: ").removesuffix("\n")


@functools.lru_cache(maxsize=4096)
def key_text(key: Any) -> str | None:
    """A key as a line begins with it; None for one that no line can begin with."""
    if not isinstance(key, str):
        return None
    laid = emit_events(_around([text_scalar(key), scalar("v")]))
    if laid.startswith("---\n? ") or laid.count("\n") != 2:
        return None
    return laid.removeprefix("---\n").removesuffix(": v\n")


def word(data: Any) -> str:
    """What is no text, map or list, as text. Raises TypeError for what a manifest cannot hold."""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int):
        return str(data)
    if data is None:
        raise TypeError("a manifest holds no null: leave the key out")
    raise TypeError(f"a manifest holds plain data only, not {type(data).__name__}")


def emit_events(events: Iterable[Event]) -> str:
    """PyYAML's text of these events."""
    text: str = yaml.emit(events, Dumper=_DUMPER, allow_unicode=True, width=_WIDTH)
    return text


def text_scalar(text: str) -> ScalarEvent:
    """The event of a text."""
    return scalar(text, _style(text))


def scalar(text: str, style: str | None = None) -> ScalarEvent:
    """The event of a scalar in this style."""
    return ScalarEvent(None, None, (True, True), text, style=style)


def _around(events: list[Event]) -> list[Event]:
    """The events of a document that is one map of these."""
    return [
        StreamStartEvent(), DocumentStartEvent(explicit=True), MappingStartEvent(None, None, implicit=True, flow_style=False),
        *events, MappingEndEvent(), DocumentEndEvent(explicit=False), StreamEndEvent(),
    ]  # fmt: skip


def _style(text: str) -> str | None:
    """`"`, `'`, `|`, or None for a plain scalar; a plain one that YAML's grammar forbids, PyYAML quotes by itself."""
    if not _PRINTABLE.fullmatch(text):
        return '"'
    if "\n" in text:
        return "|" if _BLOCK.fullmatch(text) else '"'
    return "'" if not text or _AMBIGUOUS.fullmatch(text) else None
