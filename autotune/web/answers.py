"""What was read of the store, kept until the store changes: many people look at the same pages."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from autotune.store import Store

#: Answers that are kept, the least recently asked for forgotten first; a page of experiments takes some 30 kB.
_KEPT = 500


class Answers:
    """Values by what was asked for. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._version: int | None = None
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def find(self, asked: Hashable) -> Any | None:
        """What was answered, if that is still so; None where it has to be read. Takes microseconds."""
        version = self._store.version()
        with self._lock:
            if version != self._version:
                self._version = version
                self._kept.clear()
            found = self._kept.get(asked)
            if found is not None:
                self._kept.move_to_end(asked)
            return found

    def keep(self, asked: Hashable, answer: Any, *, of: Hashable) -> None:
        """Keep an answer that was made of another one that is kept; where that has gone meanwhile, it may be an old one."""
        with self._lock:
            if of in self._kept:
                self._kept[asked] = answer

    def read(self, asked: Hashable, make: Callable[[], Any]) -> Any:
        """What is answered: kept, or read now. What changes while it is read is not kept."""
        if (found := self.find(asked)) is not None:
            return found
        before = self._version
        made = make()
        with self._lock:
            if self._version == before == self._store.version():
                self._kept[asked] = made
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return made
