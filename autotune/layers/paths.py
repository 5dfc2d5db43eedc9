"""Dotted paths over nested plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autotune.schema import open_paths

Path = tuple[str, ...]


def split_path(dotted: str) -> Path:
    """`parallel.tp` -> ("parallel", "tp"); the key of a free map stays whole: ("misc", "env", "A.B")."""
    for base in open_paths():
        if dotted.startswith(f"{base}."):
            return (*base.split("."), dotted[len(base) + 1 :])
    return tuple(dotted.split("."))


def get_path(data: Mapping[str, Any], path: Path) -> Any:
    """The value at a path, None where the path leads nowhere."""
    value: Any = data
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def set_path(data: dict[str, Any], path: Path, value: Any) -> None:
    """Write in place, making the maps on the way; a scalar or None in the way is replaced by a map."""
    for key in path[:-1]:
        inner = data.get(key)
        if not isinstance(inner, dict):
            inner = data[key] = {}
        data = inner
    data[path[-1]] = value


def flatten(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with its path. An empty map is a leaf, so that setting one is not lost."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flatten(inner, (*path, str(key)))
    else:
        yield path, value


def copy_tree(value: Any) -> Any:
    """A copy whose maps and lists are new, so that it can be written to; leaves are shared."""
    if isinstance(value, dict):
        return {key: copy_tree(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [copy_tree(inner) for inner in value]
    return value
