"""Text typed into a form field, spelled as the override that means it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from autotune.compose.overrides import format_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.schema.fields import Field

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def spell_field(field: Field, text: str) -> list[str]:
    """The overrides that a field's text means; a comma outside of brackets makes a sweep, as on the command line.

    What a text field holds is quoted where the grammar would take it for something else, and text that the grammar
    refuses is quoted as a whole, or part by part where it is a list. A map has one `key=value` a line.
    """
    text = text.strip()
    if not text:
        return []
    if field.kind in ("map", "texts"):
        return _spell_map(field, text)
    if field.kind == "text" and field.name != "backend_version":
        return [f"{field.path}={_spell_text(text)}"]
    if field.kind == "list" and _parse(text) is _Refused:
        return [f"{field.path}={format_value(_items(text))}"]
    return [f"{field.path}={text}"]


def _spell_map(field: Field, text: str) -> list[str]:
    if text == "null" or text.startswith("{"):
        return [f"{field.path}={text}"]
    pairs = dict(_pairs(text))
    if field.kind == "texts":
        named = {key: value for key, value in pairs.items() if _NAME.fullmatch(key)}
        # The grammar has few keys that may stand in a path; in a map it has more.
        rest = {key: value for key, value in pairs.items() if key not in named}
        whole = [f"{field.path}={format_value(rest)}"] if rest else []
        return [*whole, *(f"{field.path}.{key}={format_value(value)}" for key, value in named.items())]
    return [f"{field.path}.{key}={_read_back(value)}" for key, value in pairs.items()]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, _, value = line.strip().partition("=")
        if key.strip():
            yield key.strip(), value.strip()


def _items(text: str) -> list[str]:
    """The parts of a list such as `D(100,100), D(200,200)`, in brackets or not, one a line or between commas."""
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    parts, depth = [""], 0
    for letter in inner:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "\n" or (letter == "," and depth == 0):
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip().strip("\"'") for part in parts if part.strip()]


def _read_back(value: str) -> str:
    """The value as it is, or as text where the grammar refuses it."""
    return value if _parse(value) is not _Refused else format_value(value)


def _spell_text(text: str) -> str:
    parsed = _parse(text)
    if parsed is _Refused or (not isinstance(parsed, str) and _is_plain(parsed)):
        return format_value(text)
    return text


def _is_plain(value: Any) -> bool:
    """A number, true or false, which a text field takes as text; `null` unsets it."""
    return isinstance(value, bool | int | float)


class _Refused:
    """What the grammar does not take."""


def _parse(text: str) -> Any:
    # Importing Hydra takes as long as all else of the web server: it is on the screen before somebody types.
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import QuotedString
    from hydra.errors import HydraException

    try:
        override = OverridesParser.create().parse_override(f"value={text}")
    except HydraException:
        return _Refused
    if override.is_sweep_override():
        return override
    value = override._value  # noqa: SLF001 - the public value loses the quotes
    return value.text if isinstance(value, QuotedString) else value
