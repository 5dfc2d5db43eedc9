"""Plain data to a validated config; what pydantic finds becomes diagnostics that say who wrote the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from autotune.diagnostics import Diagnostic, Writer, diagnostic, suggest
from autotune.layers import copy_tree, get_path, split_path
from autotune.schema import Config, field_paths

if TYPE_CHECKING:
    from collections.abc import Mapping

_PHRASES = (
    ("Input should be a valid ", "must be a valid "),
    ("Input should be ", "must be "),
    ("Field required", "is missing"),
)
_UNION_TAGS = frozenset({"local", "docker", "kubernetes", "ome", "emulated", "auto"})


def validate(data: Mapping[str, Any], origin: Mapping[str, Writer]) -> tuple[Config | None, list[Diagnostic]]:
    """The config, or every mistake in it: AT002 unknown keys, AT003 wrong types and ranges."""
    try:
        return Config.model_validate(data), []
    except ValidationError as error:
        found: dict[tuple[str, str | None], Diagnostic] = {}
        for item in error.errors(include_url=False):
            made = _explain(item, data, origin)
            found.setdefault((made.code, made.path), made)
        return None, list(found.values())


def repair(data: Mapping[str, Any], mistakes: list[Diagnostic]) -> Config | None:
    """The config without the values that are wrong, so that the rest can be checked as well; None when that is no config."""
    mended = copy_tree(data)
    for item in mistakes:
        path = split_path(item.path or "")
        parent = get_path(mended, path[:-1])
        if isinstance(parent, dict):
            parent.pop(path[-1], None)
    try:
        return Config.model_validate(mended)
    except ValidationError:
        return None


def _explain(item: Any, data: Mapping[str, Any], origin: Mapping[str, Writer]) -> Diagnostic:
    location = [str(part) for part in item["loc"]]
    if location[:1] == ["executor"] and len(location) > 1 and location[1] in _UNION_TAGS:
        del location[1]
    location = [part for part in location if part != "[key]"]
    path = _known_part(location)
    dotted = ".".join(path)
    writer = _writer(dotted, ".".join(location), origin)
    if item["type"] == "extra_forbidden":
        unknown = ".".join(location)
        return diagnostic(
            "AT002", f"unknown config key `{unknown}`", path=unknown, writer=writer, help=_suggest_key(unknown)
        )
    value = get_path(data, tuple(path)) if item["type"] != "missing" else None
    shown = "" if item["type"] == "missing" else f", and is {_shown(value)}"
    return diagnostic(
        "AT003", f"{dotted} {_phrase(item['msg'])}{shown}", path=dotted, writer=writer, help=_describe(dotted)
    )


def _known_part(location: list[str]) -> list[str]:
    """The longest start of a location that names a field; indexes and union arms that pydantic adds fall away."""
    for end in range(len(location), 0, -1):
        if ".".join(location[:end]) in field_paths():
            return location[:end]
    return location


def _phrase(message: str) -> str:
    for old, new in _PHRASES:
        if message.startswith(old):
            return (
                (new + message[len(old) :])
                .replace("valid integer", "whole number")
                .replace("valid string", "text")
                .replace("a valid boolean", "true or false")
                .replace("a valid number", "a number")
                .replace("a valid dictionary", "a map")
            )
    return f"is not accepted: {message[:1].lower()}{message[1:]}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _writer(path: str, full: str, origin: Mapping[str, Writer]) -> Writer | None:
    for candidate in (full, path):
        if candidate in origin:
            return origin[candidate]
    below = [writer for key, writer in origin.items() if key.startswith((f"{path}.", f"{full}."))]
    return below[0] if below else None


def _suggest_key(unknown: str) -> str:
    if unknown.startswith("prof"):
        return "profiles are chosen with `+profile=NAME`"
    if unknown.startswith("executor."):
        return "the executors differ in their settings; `autotune schema` lists them"
    return suggest(unknown, field_paths())


def _describe(path: str) -> str | None:
    text = field_paths().get(path)
    return None if not text else f"{path}: {text.partition('. ')[0].rstrip('.')}."
