"""The fields of the schema as a form shows them: what may be written, in which unit, and what holds where nothing is."""

from __future__ import annotations

import functools
import re
import typing
from dataclasses import dataclass
from typing import Any, Literal

from autotune.schema.config import Config
from autotune.schema.paths import inner_models, union_arms

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

Kind = Literal["choice", "boolean", "whole", "number", "text", "list", "map", "texts"]

_UNITS = re.compile(r"\bin (ms|s|h|GB|tokens)\b")
_UNION_ARM = "name"


@dataclass(frozen=True, slots=True)
class Field:
    """One field that a value may be written to.

    `kind` is `texts` for a map whose values are text, `map` for any other. `choices` are the values of an enumeration.
    `arms` names the alternatives of a union (`executor`) that have the field; empty for a field that is always there.
    `default` is the schema's own, None where the engine or the base config chooses.
    """

    path: str
    description: str
    kind: Kind
    choices: tuple[str, ...] = ()
    unit: str | None = None
    default: Any = None
    required: bool = False
    arms: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        """The path inside its group."""
        return self.path.partition(".")[2]


@functools.cache
def fields_of(group: str) -> tuple[Field, ...]:
    """Every field of one config group in the schema's order, those of inner groups with dotted names.

    >>> [field.name for field in fields_of("disagg")][-1]
    'transfer_backend'
    """
    info = Config.model_fields[group]
    found: dict[str, Field] = {}
    arms = list(inner_models(info.annotation))
    for arm in arms:
        names = _tag(arm) if len(arms) > 1 else ()
        for field in _walk(arm, f"{group}.", names):
            if len(arms) > 1 and field.name == _UNION_ARM:
                continue
            earlier = found.get(field.path)
            found[field.path] = field if earlier is None else _joined(earlier, field)
    return tuple(found.values())


def describe_group(group: str) -> str:
    """What the schema says of a group."""
    return Config.model_fields[group].description or ""


def _walk(model: type[BaseModel], prefix: str, arms: tuple[str, ...]) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{name}"
        inner = list(inner_models(info.annotation))
        if inner:
            for item in inner:
                yield from _walk(item, f"{path}.", arms)
        else:
            yield _field(path, info, arms)


def _field(path: str, info: FieldInfo, arms: tuple[str, ...]) -> Field:
    text = info.description or ""
    default = info.get_default(call_default_factory=True) if not info.is_required() else None
    kind, choices = _kind(info.annotation)
    return Field(path, text, kind, choices, _unit(path, text, kind), default, info.is_required(), arms)


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    arms = [arm for arm in union_arms(annotation) if arm is not type(None)]
    if all(typing.get_origin(arm) is Literal for arm in arms):
        return "choice", tuple(str(value) for arm in arms for value in typing.get_args(arm))
    arm = arms[0]
    origin = typing.get_origin(arm)
    if origin is dict:
        return ("texts" if typing.get_args(arm)[1] is str else "map"), ()
    if origin in (tuple, list):
        items = [item for item in typing.get_args(arm) if item is not Ellipsis]
        return "list", _kind(items[0])[1] if items else ()
    if arm is bool:
        return "boolean", ("true", "false")
    return {int: "whole", float: "number"}.get(arm, "text"), ()  # type: ignore[return-value]


def _unit(path: str, text: str, kind: Kind) -> str | None:
    if kind not in ("whole", "number"):
        return None
    if found := _UNITS.search(text):
        return found[1]
    return "tokens" if re.match(r"Tokens|Further tokens", text) and path.partition(".")[0] != "disagg" else None


def _joined(first: Field, second: Field) -> Field:
    return Field(
        first.path,
        first.description,
        first.kind,
        first.choices,
        first.unit,
        first.default,
        first.required,
        (*first.arms, *second.arms),
    )


def _tag(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(typing.get_args(model.model_fields[_UNION_ARM].annotation))
