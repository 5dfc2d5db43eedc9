"""Which points share a colour and a shape in the plots, and what the legend says about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.report.marks import COLOURS
from autotune.score import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.report.effects import Effect
    from autotune.report.reported import Reported
    from autotune.store.result import Result

#: Up to here each point has a colour and a shape of its own; 56 would differ, but nobody tells so many apart.
MAX_OWN = 12
#: A setting tells most that moves points furthest in these.
_SPREAD = (OBJECTIVES["maximize_throughput_per_gpu"], OBJECTIVES["minimize_tpot"])


@dataclass(frozen=True, slots=True)
class Series:
    """`index` by place of the result; `legend` is (index, words), `setting` what the colours stand for, "" for the points."""

    index: tuple[int, ...]
    legend: tuple[tuple[int, str], ...]
    setting: str = ""

    @property
    def own(self) -> bool:
        """Whether each point has a series of its own."""
        return not self.setting


def choose_series(report: Reported, effects: Sequence[Effect]) -> Series:
    """A series for each point where there are few; else for each value of the setting that changes most."""
    shown = [result for result in report.results if result.measurements]
    if len(shown) <= MAX_OWN:
        legend = [(report.place(item), f"#{report.number(item)} {report.label(item)}".rstrip()) for item in shown]
        return Series(tuple(range(len(report.results))), tuple(legend))
    setting = _most_telling(report, shown, effects)
    if setting is None:
        return Series((0,) * len(report.results), ((0, "every point"),), "point")
    values = report.values(setting)
    name = report.names[setting]
    index = tuple(values.index(value) for value in report.columns[setting])
    seen = {index[report.place(result)] for result in shown}
    legend = [(place, f"{name}={value or 'not said'}") for place, value in enumerate(values) if place in seen]
    return Series(index, tuple(legend), name)


def _most_telling(report: Reported, shown: Sequence[Result], effects: Sequence[Effect]) -> str | None:
    """Of the settings with two to seven values among the points shown, the one whose change moves them furthest."""
    places = [report.place(result) for result in shown]
    choices = [path for path, values in report.columns.items() if 2 <= len({values[at] for at in places}) <= COLOURS]

    def spread(path: str) -> float:
        changes = [
            effect.change(objective) for effect in effects if effect.setting == path for objective in _SPREAD
        ]  # fmt: skip
        return max((abs(math.log(change.median)) for change in changes if change is not None), default=0.0)

    return max(choices, key=spread, default=None)
