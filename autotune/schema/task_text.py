"""The text of a v2 task file: settings as nested maps, each below the comment that explains it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w.]*|--[A-Za-z0-9][\w.-]*")
_NOT_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One value at a path of the v2 task, with the comment that stands above it; an empty comment is left out."""

    path: tuple[str, ...]
    value: Any
    comment: str


def write_settings(settings: Iterable[Setting], depth: int = 0) -> Iterator[str]:
    """Lines of the settings as nested maps, groups in the order in which they first appear, a blank line before each."""
    groups: dict[str, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(setting.path[depth], []).append(setting)
    for key, inside in groups.items():
        if depth == 0:
            yield ""
        if len(inside[0].path) == depth + 1:
            yield from write_entry(key, inside[0], depth)
        else:
            yield f"{'  ' * depth}{spell_key(key)}:"
            yield from write_settings(inside, depth + 1)


def write_entry(key: str, setting: Setting, depth: int) -> Iterator[str]:
    """The lines of one value."""
    indent = "  " * depth
    if setting.comment:
        yield indent + spell_comment(setting.comment)
    yield f"{indent}{spell_key(key)}: {spell_flow(setting.value)}"


def spell_key(text: str) -> str:
    """A key, quoted where YAML would take it for something else."""
    plain = _PLAIN_KEY.fullmatch(text) and text.lower() not in _NOT_TEXT
    return text if plain else json.dumps(text)


def spell_flow(value: Any) -> str:
    """One line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    text = text.removesuffix("\n").removesuffix("\n...")
    return text if "\n" not in text else json.dumps(value, ensure_ascii=True)


def spell_comment(text: str) -> str:
    """One line, with nothing in it that could end a comment."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in text)
