"""Who set what: the settings that somebody or some layer chose, those of all points apart from those of each."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.report.masking import mask_data, mask_text, mask_value
from autotune.report.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.store.result import Result

#: Writers of values that nobody chose.
_DEFAULT_WRITER = re.compile(r"^default$|(^|/)conf/[^:]+\.ya?ml(:\d+)?$")
#: Values longer than this are cut; the commands have them whole.
_MAX_VALUE = 300


class Setting(NamedTuple):
    """One value and who wrote it, masked and clean."""

    path: str
    value: str
    writer: str


def chosen_settings(result: Result) -> list[Setting]:
    """The settings that are no default, by path."""
    chosen = []
    for path, writer in sorted(result.origin.items()):
        if _DEFAULT_WRITER.search(writer) or (value := _lookup(result.config, path)) is None:
            continue
        masked = mask_data(path, value)
        shown = clean(masked if isinstance(masked, str) else json.dumps(masked, ensure_ascii=False, default=str))
        cut = shown if len(shown) <= _MAX_VALUE else f"{shown[:_MAX_VALUE]} ..."
        chosen.append(Setting(path, cut, clean(_show_writer(path, writer))))
    return chosen


def split_settings(results: Sequence[Result]) -> tuple[list[Setting], list[list[Setting]]]:
    """The settings that every point has from the same writer, and for each point those that only some have."""
    each = [chosen_settings(result) for result in results]
    if not each:
        return [], []
    common = set(each[0]).intersection(*each[1:])
    return (
        [setting for setting in each[0] if setting in common],
        [[setting for setting in settings if setting not in common] for settings in each],
    )


def layer_counts(results: Iterable[Result]) -> list[tuple[str, int]]:
    """Each layer that was applied, with the number of points that have it, in the order of the first point that has it."""
    return list(Counter(layer for result in results for layer in result.applied_layers).items())


def _show_writer(path: str, writer: str) -> str:
    """The writer, an override without the secret that it may hold."""
    head, equals, value = writer.partition("=")
    shown = f"{head}{equals}{mask_value(path, value)}" if equals else mask_text(writer)
    return shown if len(shown) <= _MAX_VALUE else f"{shown[:_MAX_VALUE]} ..."


def _lookup(config: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; keys of free maps may hold dots themselves."""
    value: Any = config
    parts = path.split(".")
    while parts and isinstance(value, dict):
        for length in range(len(parts), 0, -1):
            if (key := ".".join(parts[:length])) in value:
                value, parts = value[key], parts[length:]
                break
        else:
            return None
    return None if parts else value
