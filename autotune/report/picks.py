"""The picks of a run (`autotune.score.picks`), found among stored results and put into words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from autotune.diagnostics import InputError
from autotune.report.number import show_number
from autotune.report.rows import DEFAULT_OBJECTIVES, Row, measured_rows
from autotune.schema import Optimization, Slo
from autotune.score import Candidate, Goal, PickName, Picks, Shortfall, choose_picks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.store.result import Result

#: Missed limits that one line names.
_MOST_MISSED = 3


@dataclass(frozen=True, slots=True)
class Picked:
    """Picks with the rows that they were chosen from, which `Picks` counts."""

    rows: tuple[Row, ...]
    picks: Picks

    def row(self, name: PickName) -> Row | None:
        """The row of a pick; None where there is none, of which `picks.why_not` tells."""
        index = self.picks.chosen.get(name)
        return None if index is None else self.rows[index]


def find_picks(results: Sequence[Result]) -> Picked:
    """The picks among all loads of the points that are done. Where anything was measured, nothing else is picked."""
    rows = [row for row in measured_rows(results) if row.result.status == "done"]
    kinds = {row.measurement.kind for row in rows}
    leading = next((kind for kind in ("measured", "emulated", "predicted") if kind in kinds), "measured")
    rows = [row for row in rows if row.measurement.kind == leading]
    goals = {id(row.result): goal_of(row.result) for row in rows}
    candidates = [Candidate(row.measurement, goals[id(row.result)], row.gpus or None) for row in rows]
    return Picked(tuple(rows), choose_picks(candidates))


def goal_of(result: Result) -> Goal:
    """What a result is judged by, as its config says; a group that today's schema does not read counts as not set."""
    optimization, slo = result.config.get("optimization") or {}, result.config.get("slo") or {}
    try:
        return Goal.of(Optimization.model_validate(optimization), Slo.model_validate(slo))
    except (ValidationError, InputError):
        return Goal.of(Optimization(objectives=DEFAULT_OBJECTIVES), Slo())


def picks_of(results: Sequence[Result]) -> list[dict[str, int]]:
    """For each result the picks that fall on it: name -> index among its measurements."""
    picked = find_picks(results)
    found: dict[int, dict[str, int]] = {id(result): {} for result in results}
    for name, index in picked.picks.chosen.items():
        row = picked.rows[index]
        found[id(row.result)][name] = row.index
    return [found[id(result)] for result in results]


def pick_lines(picked: Picked) -> list[tuple[str, Row, str]]:
    """(names, row, remark) of each row that was picked, in the order of the picks. Picks of one row share a line.

    Nothing where there is no choice: a single load without a limit that it misses.
    """
    picks = picked.picks
    if len(picked.rows) < 2 and "nearest" not in picks.chosen:
        return []
    names: dict[int, list[str]] = {}
    for name, index in picks.chosen.items():
        names.setdefault(index, []).append(name)
    return [(", ".join(names[index]), picked.rows[index], _remark(picks, index)) for index in names]


def _remark(picks: Picks, index: int) -> str:
    missed = show_shortfalls(picks.shortfalls[index])
    if picks.chosen.get("nearest") == index:
        return f"no load meets every limit; this one has least to give: {missed}"
    score = f"score {show_number(picks.scores[index])}"
    if missed:
        return f"{score}; misses {missed}"
    return f"{score}; meets every limit" if "slo" in picks.chosen else score


def show_shortfalls(missed: Sequence[Shortfall]) -> str:
    """The limits that are missed, the worst first: `ttft_ms.p95 412 ms against 300 ms: 37 % over`."""
    ordered = sorted(missed, key=lambda item: -math.inf if item.reason else -item.excess)
    more = [f"{len(ordered) - _MOST_MISSED} more"] if len(ordered) > _MOST_MISSED else []
    return ", ".join([_show_shortfall(item) for item in ordered[:_MOST_MISSED]] + more)


def _show_shortfall(item: Shortfall) -> str:
    if item.reason:
        return f"{item.limit} ({item.reason})"
    unit = " ms" if "_ms" in item.limit else ""
    text = f"{item.limit} {show_number(item.measured)}{unit} against {show_number(item.bound)}{unit}"
    if not item.bound:
        return text
    percent = 100 * item.excess
    shown = f"{percent:,.0f}" if percent >= 10 else f"{percent:.2g}"
    return f"{text}: {shown} % {'over' if item.over else 'under'}"
