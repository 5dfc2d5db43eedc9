"""What every config group has in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


class Group(BaseModel):
    """One group of the grouped config: strict, closed and frozen.

    A field that is None is left to the engine. Strict means that text is never taken for a number; a whole number
    is taken where a fraction is asked for.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, protected_namespaces=())


def as_tuple(value: Any) -> Any:
    """A lone value where a list is meant is a list of one; lists become tuples, so that configs stay frozen."""
    if value is None or isinstance(value, tuple):
        return value
    return tuple(value) if isinstance(value, list) else (value,)


def _device_names(value: Any) -> Any:
    """Devices are names, and most of them are numbers."""
    items = as_tuple(value)
    if not isinstance(items, tuple):
        return items
    names = tuple(str(item) if type(item) is int else item for item in items)
    if twice := sorted({str(name) for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(twice)} stands there twice; two servers would share it")
    return names


Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Counts = Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(as_tuple)]
Rates = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(as_tuple)]
Devices = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]*|[A-Za-z][A-Za-z0-9_/:.-]*)$")], ...],
    BeforeValidator(_device_names),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=512)]
EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
