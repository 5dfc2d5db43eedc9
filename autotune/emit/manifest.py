"""Plain data as YAML text, the same bytes on every machine.

PyYAML's own choice of quotes is not enough: it leaves `1e3`, `0o17`, `08` and `y` plain, which the YAML readers of
Kubernetes and Compose (Go) take for numbers and booleans, and its C and Python writers differ beyond the BMP. So every
scalar's style is decided here, and PyYAML is handed events rather than objects. It writes each scalar once; the lines around
them, which are most of a manifest and alike in all, are laid out here as it would: a sweep has ten thousand manifests.
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
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Both write the same bytes for the events made here; the one in C is several times faster.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

#: Text that some YAML 1.1 or 1.2 reader takes for a number, a date, a boolean, null, a merge key or a default value.
_AMBIGUOUS = re.compile(r"[-+]?[._0-9].*|y|n|yes|no|on|off|true|false|null|~|<<|=", re.IGNORECASE)
_PRINTABLE = re.compile(r"[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*")
#: No indentation indicator, no trailing blanks that a block cannot show, at most one line break at the end.
_BLOCK = re.compile(r"(?![ \n])(?:[^\n]*[^ \n]\n|\n)*[^\n]*[^ \n]\n?")
#: Far longer than any line, so that nothing is folded.
_WIDTH = 2**31 - 1


def dump_documents(documents: Iterable[Mapping[str, Any]], heading: Iterable[str] = ()) -> str:
    """YAML text of these documents in order, keys in the order given, after a comment of the `heading` lines.

    Block style, no anchors. Raises TypeError for None and for anything else that is not plain data.
    """
    whole = list(documents)
    lines = [f"# {line}" for line in heading]
    try:
        for document in whole:
            lines.append("---")
            _add_map(document, "", "", lines)
    except _NotSimpleError:
        return "".join(f"# {line}\n" for line in heading) + _emit(_stream(whole))
    return "\n".join(lines) + "\n"


def _emit(events: Iterable[Event]) -> str:
    text: str = yaml.emit(events, Dumper=_DUMPER, allow_unicode=True, width=_WIDTH)
    return text


class _NotSimpleError(Exception):
    """A document with an empty map for a whole, or a key that no line can begin with: PyYAML lays those out."""


def _add_map(data: Mapping[str, Any], start: str, pad: str, lines: list[str]) -> None:
    """Append the lines of a map, laid out as PyYAML does it. `start` is what stands before its first key, `pad` before others."""
    if not data:
        raise _NotSimpleError
    for key, value in data.items():
        if not isinstance(key, str):
            raise _NotSimpleError
        head = f"{start}{_key_text(key)}:"
        start = pad
        if isinstance(value, dict) and value:
            lines.append(head)
            _add_map(value, f"{pad}  ", f"{pad}  ", lines)
        elif isinstance(value, list) and value:
            lines.append(head)
            for item in value:
                _add_item(item, f"{pad}-", f"{pad}  ", lines)
        else:
            _add_leaf(value, head, pad, lines)


def _add_item(value: Any, head: str, pad: str, lines: list[str]) -> None:
    """The same for an item of a list; `head` ends with its dash."""
    if isinstance(value, dict) and value:
        _add_map(value, f"{head} ", pad, lines)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            _add_item(item, f"{pad}-" if index else f"{head} -", f"{pad}  ", lines)
    else:
        _add_leaf(value, head, pad.removesuffix("  "), lines)


def _add_leaf(value: Any, head: str, pad: str, lines: list[str]) -> None:
    if isinstance(value, str):
        if _style(value) != "|":
            lines.append(f"{head} {_value_text(value)}")
            return
        ended = value.endswith("\n")
        lines.append(f"{head} |" if ended else f"{head} |-")
        lines += [f"{pad}  {line}" if line else "" for line in (value[:-1] if ended else value).split("\n")]
        return
    for empty, text in (({}, "{}"), ([], "[]")):
        if type(value) is type(empty):
            lines.append(f"{head} {text}")
            return
    lines.append(f"{head} {_word(value)}")


@functools.lru_cache(maxsize=16384)
def _value_text(text: str) -> str:
    """A scalar on one line, as PyYAML writes it behind a key."""
    laid = _emit(_around([_scalar("k"), _text(text)]))
    return laid.removeprefix("---\nk: ").removesuffix("\n")


@functools.lru_cache(maxsize=4096)
def _key_text(text: str) -> str:
    laid = _emit(_around([_text(text), _scalar("v")]))
    if laid.startswith("---\n? ") or laid.count("\n") != 2:
        raise _NotSimpleError
    return laid.removeprefix("---\n").removesuffix(": v\n")


def _around(events: list[Event]) -> list[Event]:
    """The events of a document that is one map of these."""
    return [
        StreamStartEvent(), DocumentStartEvent(explicit=True), MappingStartEvent(None, None, implicit=True, flow_style=False),
        *events, MappingEndEvent(), DocumentEndEvent(explicit=False), StreamEndEvent(),
    ]  # fmt: skip


def _stream(documents: Iterable[Mapping[str, Any]]) -> list[Event]:
    events: list[Event] = [StreamStartEvent()]
    for document in documents:
        events.append(DocumentStartEvent(explicit=True))
        _add(document, events)
        events.append(DocumentEndEvent(explicit=False))
    events.append(StreamEndEvent())
    return events


def _add(data: Any, events: list[Event]) -> None:
    """Append the events of one value."""
    if isinstance(data, str):
        events.append(_text(data))
    elif isinstance(data, dict):
        events.append(MappingStartEvent(None, None, implicit=True, flow_style=not data))
        for key, value in data.items():
            _add(key, events)
            _add(value, events)
        events.append(MappingEndEvent())
    elif isinstance(data, list):
        events.append(SequenceStartEvent(None, None, implicit=True, flow_style=not data))
        for item in data:
            _add(item, events)
        events.append(SequenceEndEvent())
    else:
        events.append(_scalar(_word(data)))


def _word(data: Any) -> str:
    """What is no text, map or list, as text."""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int):
        return str(data)
    if data is None:
        raise TypeError("a manifest holds no null: leave the key out")
    raise TypeError(f"a manifest holds plain data only, not {type(data).__name__}")


@functools.lru_cache(maxsize=4096)
def _text(text: str) -> ScalarEvent:
    return _scalar(text, _style(text))


def _scalar(text: str, style: str | None = None) -> ScalarEvent:
    return ScalarEvent(None, None, (True, True), text, style=style)


def _style(text: str) -> str | None:
    """`"`, `'`, `|`, or None for a plain scalar; a plain one that YAML's grammar forbids, PyYAML quotes by itself."""
    if not _PRINTABLE.fullmatch(text):
        return '"'
    if "\n" in text:
        return "|" if _BLOCK.fullmatch(text) else '"'
    return "'" if not text or _AMBIGUOUS.fullmatch(text) else None
