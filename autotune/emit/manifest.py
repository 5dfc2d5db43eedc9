"""Plain data as YAML text, the same bytes on every machine.

`scalars` spells each text and number; the lines around them, which are most of a manifest and alike in all, are laid out
here as PyYAML would do it: a sweep has ten thousand manifests. What many of them share, a SharedMap or SharedList, is laid out
once for each depth that it stands at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from autotune.emit.scalars import emit_events, key_text, scalar, text_scalar, value_text, word
from autotune.emit.shared import SharedList, SharedMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


#: Begins and ends a hole: YAML writes this character as an escape, so it stands nowhere else.
HOLE = "\0"


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
        return "".join(f"# {line}\n" for line in heading) + emit_events(_stream(whole))
    return "\n".join(lines) + "\n"


def lay_below(value: SharedMap[Any] | SharedList[Any], pad: str) -> str:
    """The lines of a map or list that has something in it, below the key that begins after `pad`."""
    laid = value.laid.get(pad)
    if laid is None:
        fresh: str | list[str] | None = _lay_texts(value, pad)
        if fresh is None:
            _add_items(value, pad, fresh := [])
        laid = value.laid[pad] = fresh if isinstance(fresh, str) else "\n".join(fresh)
    return laid


def _lay_texts(value: dict[str, Any] | list[Any], pad: str) -> str | None:
    """The lines of a map or list of texts that take one line each, which most that are a server's own are; else None."""
    try:
        texts: list[Any] = [*map(value_text, value.values() if isinstance(value, dict) else value)]
    except (AttributeError, TypeError):  # a number, a map or a list
        return None
    if None in texts:
        return None
    if isinstance(value, list):
        return f"{pad}- " + f"\n{pad}- ".join(texts)
    names: list[Any] = [*map(key_text, value)]
    return None if None in names else f"{pad}  " + f"\n{pad}  ".join(map(": ".join, zip(names, texts, strict=True)))


class Hole(NamedTuple):
    """Stands for a text, map or list that is not known yet. It is laid out as its name and depth between two HOLE."""

    name: str


class _NotSimpleError(Exception):
    """A document with an empty map for a whole, or a key that no line can begin with: PyYAML lays those out."""


def _add_map(data: Mapping[str, Any], start: str, pad: str, lines: list[str]) -> None:
    """Append the lines of a map, laid out as PyYAML does it. `start` is what stands before its first key, `pad` before others."""
    if not data:
        raise _NotSimpleError
    for key, value in data.items():
        name = key_text(key)
        if name is None:
            raise _NotSimpleError
        if isinstance(value, str) and (text := value_text(value)) is not None:
            lines.append(f"{start}{name}: {text}")
        elif isinstance(value, (dict, list)) and value:
            lines.append(f"{start}{name}:")
            _add_below(value, pad, lines)
        else:
            _add_leaf(value, f"{start}{name}:", pad, lines)
        start = pad


def _add_below(value: dict[str, Any] | list[Any], pad: str, lines: list[str]) -> None:
    """Append the lines of a map or list that has something in it, below the key that begins after `pad`."""
    if isinstance(value, (SharedMap, SharedList)):
        lines.append(lay_below(value, pad))
    else:
        _add_items(value, pad, lines)


def _add_items(value: dict[str, Any] | list[Any], pad: str, lines: list[str]) -> None:
    inner = f"{pad}  "
    if isinstance(value, dict):
        _add_map(value, inner, inner, lines)
        return
    head = f"{pad}-"
    for item in value:
        if isinstance(item, str) and (text := value_text(item)) is not None:
            lines.append(f"{head} {text}")
        else:
            _add_item(item, head, inner, lines)


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
        text = value_text(value)
        if text is not None:
            lines.append(f"{head} {text}")
            return
        ended = value.endswith("\n")
        lines.append(f"{head} |" if ended else f"{head} |-")
        lines += [f"{pad}  {line}" if line else "" for line in (value[:-1] if ended else value).split("\n")]
    elif isinstance(value, (dict, list)):
        lines.append(f"{head} {{}}" if isinstance(value, dict) else f"{head} []")
    elif isinstance(value, Hole):
        behind = " " if value.name == "name" else "\n"
        lines.append(f"{head}{behind}{HOLE}{value.name}:{pad}{HOLE}")
    else:
        lines.append(f"{head} {word(value)}")


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
        events.append(text_scalar(data))
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
        events.append(scalar(word(data)))
