"""What changing one setting did: pairs of points that differ in exactly that setting, laid against each other.

This is no model: each ratio is of two points that were run. Where settings act on each other, the range says so.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autotune.report.pairs import Change, Pair, config_leaves, pair_loads
from autotune.report.rows import Row, measured_rows, report_objectives, swept_columns
from autotune.score import MAX_ERROR_RATE, OBJECTIVES, Objective

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.store.result import Result

#: Shown for every run, before its other objectives.
METRICS = ("maximize_throughput_per_gpu", "maximize_throughput", "minimize_tpot", "minimize_ttft")
#: Below this number of pairs a median says little: with four, all four go the same way one time in eight by chance alone.
FEW_PAIRS = 5


@dataclass(frozen=True, slots=True)
class Effect:
    """Going from `old` to `new` in one setting, everything else that was said being the same.

    `pairs` are the loads that both points of a pair were measured at, `points` counts the pairs of points. `along` are
    config paths that layers changed too, in every pair.
    """

    setting: str
    old: str
    new: str
    pairs: tuple[Pair, ...]
    points: int
    along: tuple[str, ...]

    @property
    def few(self) -> bool:
        return self.points < FEW_PAIRS

    def change(self, objective: Objective) -> Change | None:
        """What it did to one metric; None where no pair has it."""
        ratios = sorted(ratio for pair in self.pairs if not math.isnan(ratio := pair.ratio(objective)))
        return Change(objective, tuple(ratios)) if ratios else None


class _Known(NamedTuple):
    """What the pairs of one result are made of: its sound measurements, and its config as dotted path -> text."""

    rows: list[Row]
    leaves: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outage:
    """Of the `points` with one value of a setting, so many did not run to their end: failed, refused, cooling down."""

    setting: str
    value: str
    lost: int
    points: int


def effect_metrics(results: Sequence[Result]) -> tuple[Objective, ...]:
    """The metrics that effects are shown in."""
    usual = [OBJECTIVES[name] for name in METRICS]
    return (*usual, *(item for item in report_objectives(results) if item not in usual))


def find_effects(results: Sequence[Result], typed: Sequence[str] = ()) -> list[Effect]:
    """The effect of every setting that was swept, by setting in the order that they were said in.

    Points are alike when all else that was said is the same, and of one kind: nothing measured is paired with anything
    emulated. Among alike points numbers are compared step by step (2 -> 4, 4 -> 8), other values each with the first of
    them, in the order of the sweep as `typed` (its overrides). Points without a measurement, and measurements with more
    errors than MAX_ERROR_RATE, are left out; so are settings of which there is no pair, or that only move with another.
    """
    columns = swept_columns(results)
    known = {
        id(result): _Known(rows, config_leaves(result.config)) for result in results if (rows := _sound_rows(result))
    }
    return [
        effect
        for setting in columns
        for effect in _effects_of(setting, ordered_values(setting, columns, typed), columns, results, known)
    ]


def find_outages(results: Sequence[Result]) -> list[Outage]:
    """The values of swept settings with which points failed or were refused, by setting and value."""
    columns = swept_columns(results)
    ended = [(place, result) for place, result in enumerate(results) if result.status not in ("running", "interrupted")]
    found = []
    for setting, values in columns.items():
        for value in ordered_values(setting, columns):
            having = [result for place, result in ended if values[place] == value]
            lost = sum(result.status != "done" for result in having)
            if lost:
                found.append(Outage(setting, value, lost, len(having)))
    return found


def ordered_values(setting: str, columns: Mapping[str, Sequence[str]], typed: Sequence[str] = ()) -> list[str]:
    """Each value of a setting once: numbers by size, `false` before `true`; others as they were typed, else by name."""
    known = sorted(set(columns[setting]))
    sizes = {value: number for value in known if (number := _number(value)) is not None}
    if len(sizes) == len(known):
        return sorted(known, key=sizes.__getitem__)
    heads = [override.partition("=") for override in typed]
    said = [value for path, _, text in heads if path.lstrip("+") == setting for value in text.split(",")]
    return sorted(known, key=lambda value: said.index(value) if value in said else len(said))


def _effects_of(
    setting: str,
    values: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    results: Sequence[Result],
    known: Mapping[int, _Known],
) -> list[Effect]:
    rank = {value: place for place, value in enumerate(values)}
    numeric = all(_number(value) is not None for value in rank)
    alike: dict[tuple[str, ...], dict[str, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for place, result in enumerate(results):
        if id(result) in known:
            rest = (result.kind, *(column[place] for path, column in columns.items() if path != setting))
            alike[rest][columns[setting][place]].append(result)
    steps: dict[tuple[str, str], list[tuple[Result, Result]]] = defaultdict(list)
    for group in alike.values():
        there = sorted(group, key=rank.__getitem__)
        for old, new in zip(there if numeric else there[:1] * len(there), there[1:], strict=False):
            # Points that were run twice are paired in order, so that each counts once.
            steps[old, new] += zip(group[old], group[new], strict=False)
    ordered = sorted(steps, key=lambda step: (rank[step[0]], rank[step[1]]))
    found = [_effect(setting, step, steps[step], known) for step in ordered]
    return [effect for effect in found if effect.pairs]


def _effect(
    setting: str,
    step: tuple[str, str],
    points: Sequence[tuple[Result, Result]],
    known: Mapping[int, _Known],
) -> Effect:
    both = [(known[id(old)], known[id(new)]) for old, new in points]
    paired = [(old, new, pairs) for old, new in both if (pairs := pair_loads(old.rows, new.rows))]
    return Effect(
        setting,
        *step,
        pairs=tuple(pair for _, _, pairs in paired for pair in pairs),
        points=len(paired),
        along=_changed_along(setting, [(old.leaves, new.leaves) for old, new, _ in paired]),
    )


def _sound_rows(result: Result) -> list[Row]:
    return [row for row in measured_rows([result]) if row.measurement.error_rate <= MAX_ERROR_RATE]


def _changed_along(setting: str, configs: Sequence[tuple[dict[str, str], dict[str, str]]]) -> tuple[str, ...]:
    changed: set[str] | None = None
    for old, new in configs:
        differing = {path for path, _ in old.items() ^ new.items()}
        changed = differing if changed is None else changed & differing
    return tuple(sorted(path for path in changed or () if path != setting and not path.startswith(f"{setting}.")))


def _number(value: str) -> float | None:
    if value in ("false", "true"):
        return float(value == "true")
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
