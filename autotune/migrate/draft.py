"""The v2 task while it is put together, with the account of every v1 value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotune.migrate.entry import Entry, Path, Status
from autotune.schema.task_text import Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXTRA = "misc.extra_args."


@dataclass(slots=True)
class Draft:
    """What is decided so far. `taken` says which v1 path gave a thing its values, and which."""

    entries: list[Entry] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    sweeps: list[Setting] = field(default_factory=list)
    taken: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def map(self, path: Path, value: Any, target: str, meant: Any, note: str = "", *, noted: bool = False) -> None:
        """One v1 value to one v2 path."""
        self.vary(path, value, target, [target], [[meant]], note=note, status=Status.NOTED if noted else Status.MAPPED)

    def vary(
        self,
        path: Path,
        value: Any,
        identity: str,
        columns: Sequence[str],
        rows: list[list[Any]],
        *,
        note: str = "",
        status: Status = Status.MAPPED,
        needs_human: bool = False,
    ) -> None:
        """A v1 value that gives each of `columns` (v2 paths) one value for each of `rows`: one row is set, more are swept.

        `identity` is what is set, however it is spelled: set again alike it is noted, set otherwise it is refused.
        """
        if any("${" in text for row in rows for cell in row for text in _texts(cell)):
            self.refuse(path, value, "v2 tasks do not take `${`: write the value itself")
            return
        if identity in self.taken:
            earlier, given = self.taken[identity]
            if given == rows:
                self.note(path, value, f"says the same as {earlier}", targets=tuple(columns))
            else:
                self.refuse(path, value, f"{earlier} sets the same thing otherwise: keep one of them")
            return
        self.taken[identity] = (shown(path), rows)
        self.entries.append(Entry(path, value, status, tuple(columns), note, needs_human))
        comment = f"v1 {shown(path)}" + (f": {note}" if note else "")
        if len(rows) == 1:
            for column, cell in zip(columns, rows[0], strict=True):
                if cell is not None:
                    self.settings.append(Setting(split_target(column), cell, comment))
            return
        keys, cells = [*columns], rows
        for index, column in enumerate(columns):
            if column.startswith(_EXTRA) and "." in (flag := column.removeprefix(_EXTRA)):
                keys[index] = "misc.extra_args"
                cells = [[{flag: cell} if place == index else cell for place, cell in enumerate(row)] for row in cells]
        values = [row[0] for row in cells] if len(keys) == 1 else cells
        self.sweeps.append(Setting((",".join(keys),), values, comment))

    def note(
        self, path: Path, value: Any, reason: str, *, needs_human: bool = False, targets: tuple[str, ...] = ()
    ) -> None:
        """A v1 value that v2 has no setting for, or needs none; the file's comments keep it."""
        self.entries.append(Entry(path, value, Status.NOTED, targets, reason, needs_human))

    def refuse(self, path: Path, value: Any, reason: str) -> None:
        """A v1 value that a person has to decide about; its every leaf is listed."""
        for leaf, item in leaves(value, path):
            self.entries.append(Entry(leaf, item, Status.REFUSED, (), reason, needs_human=True))


def leaves(value: Any, path: Path) -> list[tuple[Path, Any]]:
    """Every value below a path that is no filled map, in order; lists count as one value."""
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, str(key)))]
    return [(path, value)]


def split_target(target: str) -> Path:
    """The keys of a v2 path; a flag below misc.extra_args is one key, dots and all."""
    if target.startswith(_EXTRA):
        return ("misc", "extra_args", target.removeprefix(_EXTRA))
    return tuple(target.split("."))


def shown(path: Path) -> str:
    """A v1 path for people."""
    return ".".join(path)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (*_texts(key), *_texts(item))]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
