"""The text of a v2 task file: every decision as a comment above what it decided."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from autotune.migrate.draft import Draft, Setting, shown
from autotune.migrate.entry import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w.]*|--[A-Za-z0-9][\w.-]*")
_NOT_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def write_v2(draft: Draft, name: Any, description: Any) -> str:
    """The task file. Its head lists what was not carried over."""
    lines = ["# Migrated from a v1 task; each comment names the v1 value below it."]
    for entry in draft.entries:
        if entry.status is Status.REFUSED:
            lines.append(_comment(f"NOT CARRIED OVER {shown(entry.path)} = {_flow(entry.value)}: {entry.reason}"))
        elif entry.status is Status.NOTED and not entry.targets:
            lines.append(_comment(f"v1 {shown(entry.path)} = {_flow(entry.value)}: {entry.reason}"))
    lines.append(f"name: {_flow(str(name))}")
    if description is not None:
        lines.append(f"description: {_flow(str(description))}")
    lines.append("version: 2")
    lines += _block(draft.settings, 0)
    if draft.sweeps:
        lines += ["", "sweep:"]
        lines += [line for item in _merged(draft.sweeps) for line in _entry(item.path[0], item, 1)]
    return "\n".join(lines) + "\n"


def _block(settings: list[Setting], depth: int) -> Iterator[str]:
    """Settings as nested maps, groups in the order in which they first appear."""
    groups: dict[str, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(setting.path[depth], []).append(setting)
    for key, inside in groups.items():
        if depth == 0:
            yield ""
        if len(inside[0].path) == depth + 1:
            yield from _entry(key, inside[0], depth)
        else:
            yield f"{'  ' * depth}{_key(key)}:"
            yield from _block(inside, depth + 1)


def _entry(key: str, setting: Setting, depth: int) -> Iterator[str]:
    indent = "  " * depth
    yield indent + _comment(setting.comment)
    yield f"{indent}{_key(key)}: {_flow(setting.value)}"


def _merged(sweeps: list[Setting]) -> list[Setting]:
    """Flags with a dot in their name are swept as maps of one key; several such sweeps become one of their product."""
    merged: dict[str, Setting] = {}
    for item in sweeps:
        key = item.path[0]
        if key in merged:
            first = merged[key]
            rows = [{**one, **other} for one in first.value for other in item.value]
            item = Setting(item.path, rows, f"{first.comment}; {item.comment}")  # noqa: PLW2901 - takes its place
        merged[key] = item
    return list(merged.values())


def _key(text: str) -> str:
    plain = _PLAIN_KEY.fullmatch(text) and text.lower() not in _NOT_TEXT
    return text if plain else json.dumps(text)


def _flow(value: Any) -> str:
    """One line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    text = text.removesuffix("\n").removesuffix("\n...")
    return text if "\n" not in text else json.dumps(value, ensure_ascii=True)


def _comment(text: str) -> str:
    """One line, with nothing in it that could end a comment."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in text)
