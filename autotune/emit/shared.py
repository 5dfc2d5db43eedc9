"""Parts of manifests that are made once and stand in many: nobody may change them, and each keeps how it is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

V = TypeVar("V")


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise TypeError("this part stands in other manifests too: copy it before you change it")


class SharedMap(dict[str, V]):
    """A map that stands in many places; with `|` and `**` one makes a plain one of it. What is in it is as fixed as itself."""

    __slots__ = ("laid",)

    def __init__(self, data: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        super().__init__(data)
        self.laid: dict[str, str] = {}
        """Its lines, by what stands before the key that it is below."""

    __setitem__ = __delitem__ = __ior__ = pop = popitem = clear = update = setdefault = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


class SharedList(list[V]):
    """A list that stands in many places; with `[*...]` one makes a plain one of it."""

    __slots__ = ("laid",)

    def __init__(self, data: Iterable[V] = ()) -> None:
        super().__init__(data)
        self.laid: dict[str, str] = {}
        """As in SharedMap."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = extend = insert = pop = remove = clear = sort = (
        reverse
    ) = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self),)
