"""Plain data as YAML text, the same bytes on every machine.

PyYAML's own choice of quotes is not enough: it leaves `1e3`, `0o17`, `08` and `y` plain, which the YAML readers of
Kubernetes and Compose (Go) take for numbers and booleans, and its C and Python writers differ beyond the BMP. So every
scalar's style is decided here, and PyYAML is handed events rather than objects, which is also three times faster.
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
    comment = "".join(f"# {line}\n" for line in heading)
    body: str = yaml.emit(_stream(documents), Dumper=_DUMPER, allow_unicode=True, width=_WIDTH)
    return comment + body


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
    elif isinstance(data, bool):
        events.append(_scalar("true" if data else "false"))
    elif isinstance(data, int):
        events.append(_scalar(str(data)))
    elif data is None:
        raise TypeError("a manifest holds no null: leave the key out")
    else:
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
