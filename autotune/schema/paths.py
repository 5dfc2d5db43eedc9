"""The dotted paths of the schema, for messages, layers and completion."""

from __future__ import annotations

import functools
import types
import typing
from typing import Any

from pydantic import BaseModel

from autotune.schema.config import Config

if typing.TYPE_CHECKING:
    from collections.abc import Iterator


@functools.cache
def field_paths() -> dict[str, str]:
    """Every dotted path that a value may be written to, with its description; unions contribute all their fields."""
    return dict(_walk(Config, ""))


@functools.cache
def open_paths() -> frozenset[str]:
    """Paths of maps with free keys (`misc.env`), below which any key may be written."""
    return frozenset(path for path, kind in _maps(Config, ""))


def is_known(path: str) -> bool:
    """Whether a value may be written to this path: a field, a whole group, or a key of a free map."""
    known = field_paths()
    if path in known:
        return True
    head, _, rest = path.rpartition(".")
    while head:
        if head in open_paths():
            return bool(rest)
        head, _, tail = head.rpartition(".")
        rest = f"{tail}.{rest}"
    return False


def _walk(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{name}"
        yield path, info.description or ""
        for inner in inner_models(info.annotation):
            yield from _walk(inner, f"{path}.")


def _maps(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{name}"
        if any(typing.get_origin(arm) is dict for arm in union_arms(info.annotation)):
            yield path, info.annotation
        for inner in inner_models(info.annotation):
            yield from _maps(inner, f"{path}.")


def union_arms(annotation: Any) -> Iterator[Any]:
    """The alternatives of a union, through Annotated."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from union_arms(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for arm in typing.get_args(annotation):
            yield from union_arms(arm)
    else:
        yield annotation


def inner_models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models among the alternatives of a union."""
    for arm in union_arms(annotation):
        if isinstance(arm, type) and issubclass(arm, BaseModel):
            yield arm
