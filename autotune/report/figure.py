"""A Pareto plot as plain data, for whoever draws it: axes, series of marks, predictions, the frontier and the limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autotune.report.axes import Axis
from autotune.report.masking import mask_text
from autotune.report.number import show_number
from autotune.report.pareto import axis_title, plot_heading
from autotune.report.plain import clean
from autotune.score import OBJECTIVES, frontier
from autotune.score.objectives import central

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.report.attainment import Limit
    from autotune.report.columns import Entry

#: Above so many marks only those on the frontier say what they are when pointed at; the table has all.
MAX_TOLD = 1_000
#: Axes spread over more than this are logarithmic.
_WIDE = 30.0


def axis_choices() -> dict[str, str]:
    """Every objective by name, with the title of its axis."""
    return {name: Axis(objective).title for name, objective in OBJECTIVES.items()}


def pareto_figure(
    entries: Sequence[Entry],
    axes: tuple[str, str],
    series: Mapping[int, tuple[int, str]],
    *,
    limits: Sequence[Limit] = (),
    picks: Mapping[tuple[int, int], str] | None = None,
) -> dict[str, Any]:
    """The plot of these lines over the objectives `axes` (x, y).

    `series` has the number and the name of each line's series, by the result's identity. A mark has `x`, `y`, `point` (its number in the run),
    `text` in lines, `frontier` (of all objectives of its run), `ranked`, `pick`, and `predicted`, a pair or None. `edge` are the marks that no other
    beats on these two axes, in order. Only finite numbers are there: the data is JSON.
    """
    x, y = (Axis(OBJECTIVES[name]) for name in axes)
    drawn: dict[int, dict[str, Any]] = {}
    ranked: list[tuple[float, float]] = []
    for entry in entries:
        if entry.row is None:
            continue
        at = _at(entry, x, y)
        if not all(map(math.isfinite, at)):
            continue
        index, name = series[id(entry.result)]
        one = drawn.setdefault(index, {"index": index, "name": clean(name), "marks": []})
        mark = _mark(entry, at, (x, y), picks or {}, told=len(entries) <= MAX_TOLD)
        one["marks"].append(mark)
        if mark["ranked"]:
            ranked.append(at)
    return {
        "heading": plot_heading(x, y),
        "x": _axis(x, [mark["x"] for item in drawn.values() for mark in item["marks"]], limits),
        "y": _axis(y, [mark["y"] for item in drawn.values() for mark in item["marks"]], limits),
        "series": [drawn[index] for index in sorted(drawn)],
        "edge": _edge(ranked, x, y),
    }


def _at(entry: Entry, x: Axis, y: Axis) -> tuple[float, float]:
    assert entry.row is not None
    gpus = entry.row.gpus or None
    return x.read(entry.row.measurement, gpus), y.read(entry.row.measurement, gpus)


def _mark(
    entry: Entry, at: tuple[float, float], axes: tuple[Axis, Axis], picks: Mapping[tuple[int, int], str], *, told: bool
) -> dict[str, Any]:
    row, report = entry.row, entry.report
    assert row is not None
    said = entry.predicted
    predicted = None if said is None else [axis.read(said, row.gpus or None) for axis in axes]
    return {
        "x": at[0],
        "y": at[1],
        "run": entry.letter,
        "point": report.number(entry.result),
        "text": _lines(entry) if told or entry.on_frontier else [_name(entry)],
        "frontier": entry.on_frontier,
        "ranked": row.measurement.kind == report.leading and report.is_sound(row),
        "pick": picks.get((id(entry.result), row.index), ""),
        "predicted": predicted if predicted is not None and all(map(math.isfinite, predicted)) else None,
    }


def _name(entry: Entry) -> str:
    number, label = f"#{entry.report.number(entry.result)}", entry.report.label(entry.result)
    return mask_text(clean(" ".join(filter(None, (entry.letter, number, label)))))


def _lines(entry: Entry) -> list[str]:
    """What a tooltip says."""
    item = entry.measurement
    assert item is not None
    kind = "" if item.kind == "measured" else f" ({item.kind})"
    lines = [
        f"{_name(entry)}{kind}",
        item.load.label,
        f"{show_number(item.output_tokens_per_s_per_gpu)} tokens/s per GPU, {show_number(item.output_tokens_per_s_per_user)} per user",
        f"TTFT {show_number(central(item.ttft_ms))} ms, TPOT {show_number(central(item.tpot_ms))} ms",
    ]
    return [lines[0], *(mask_text(clean(line)) for line in lines[1:])]


def _axis(axis: Axis, values: Sequence[float], limits: Sequence[Limit]) -> dict[str, Any]:
    positive = [value for value in values if value > 0]
    log = len(positive) == len(values) > 0 and max(positive) > _WIDE * min(positive)
    rules = {limit.label: at for limit in limits if (at := axis.limit(limit)) is not None}
    return {
        "objective": axis.objective.name,
        "title": axis_title(axis, logarithmic=log),
        "maximise": axis.maximise,
        "log": log,
        "rules": [{"at": at, "label": label} for label, at in rules.items()],
    }


def _edge(ranked: Sequence[tuple[float, float]], x: Axis, y: Axis) -> list[tuple[float, float]]:
    signs = (-1 if x.maximise else 1, -1 if y.maximise else 1)
    kept = frontier([(signs[0] * at[0], signs[1] * at[1]) for at in ranked])
    return sorted({ranked[index] for index in kept})
