"""Some of the lines of a table of results: filtered, sorted, a page at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from autotune.report.columns import setting_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.report.columns import Column, Entry

#: Lines on one page.
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted: lines whose cells hold every word of `text`, of these statuses and of these values of swept settings
    (empty: of all); those on the frontier alone; one for each point alone. `sort` is the name of a column.
    """

    text: str = ""
    statuses: frozenset[str] = frozenset()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    frontier_only: bool = False
    best_only: bool = False
    sort: str = ""
    descending: bool = False
    page: int = 1


class Selected(NamedTuple):
    """One page of what was found. `total` counts the lines on all pages, `page` is one of 1 to `pages`."""

    entries: list[Entry]
    total: int
    page: int
    pages: int

    @property
    def first(self) -> int:
        """The number of the first line, from 1; 0 where there is none."""
        return min(self.total, (self.page - 1) * PER_PAGE + 1)

    @property
    def last(self) -> int:
        return min(self.total, self.page * PER_PAGE)


def select(entries: Iterable[Entry], columns: Sequence[Column], wanted: Selection, *, paged: bool = True) -> Selected:
    """The lines that are wanted, one page of them unless they are not `paged`. A page beyond the last is the last; a column
    that is not there leaves the order as it is.
    """
    words = wanted.text.casefold().split()
    found = [entry for entry in entries if _matches(entry, wanted) and _says(entry, columns, words)]
    column = next((item for item in columns if item.name == wanted.sort), None)
    if column is not None:
        found = _sorted(found, column, descending=wanted.descending)
    if not paged:
        return Selected(found, len(found), 1, 1)
    pages = max(1, math.ceil(len(found) / PER_PAGE))
    page = min(max(1, wanted.page), pages)
    return Selected(found[(page - 1) * PER_PAGE : page * PER_PAGE], len(found), page, pages)


def _matches(entry: Entry, wanted: Selection) -> bool:
    if wanted.statuses and entry.result.status not in wanted.statuses:
        return False
    if wanted.frontier_only and not entry.on_frontier:
        return False
    if wanted.best_only and entry.row is not None and not entry.row.is_best:
        return False
    return all(setting_value(entry, path) in values for path, values in wanted.values.items() if values)


def _says(entry: Entry, columns: Sequence[Column], words: Sequence[str]) -> bool:
    if not words:
        return True
    failure = entry.result.failure
    told = [entry.result.point_id, *entry.result.overrides, *(column.show(entry) for column in columns)]
    text = "\n".join([*told, *(() if failure is None else (failure.kind, failure.message))]).casefold()
    return all(word in text for word in words)


def _sorted(entries: Sequence[Entry], column: Column, *, descending: bool) -> list[Entry]:
    """Numbers before text, and what is not known last, whichever way is asked for. Equal ones keep their order."""
    keyed = [(column.key(entry), entry) for entry in entries]
    numbers = [(key, entry) for key, entry in keyed if isinstance(key, (int, float)) and math.isfinite(key)]
    texts = [(key, entry) for key, entry in keyed if isinstance(key, str) and key]
    rest = [entry for key, entry in keyed if (not key and isinstance(key, str)) or (isinstance(key, float) and not math.isfinite(key))]  # fmt: skip
    parts = [
        [entry for _, entry in sorted(part, key=lambda pair: pair[0], reverse=descending)] for part in (numbers, texts)
    ]
    return [*(parts[1] + parts[0] if descending else parts[0] + parts[1]), *rest]
