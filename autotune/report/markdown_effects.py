"""Effects as a Markdown table: of settings within a run, and of one run against another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.report.effect_tables import metric_name, show_ratio
from autotune.report.github import code, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.report.effects import Effect
    from autotune.report.pairs import Change
    from autotune.score import Objective

#: Rows of one table.
MAX_EFFECTS = 25


def effect_table(effects: Sequence[Effect], metrics: Sequence[Objective], subject: str) -> str:
    """A row for each effect; `subject` is what the first column holds."""
    rows = [
        [code(effect.setting), f"{code(effect.old) or 'not said'} → {code(effect.new) or 'not said'}",
         *(_change(effect.change(metric)) for metric in metrics), _basis(effect)]
        for effect in effects[:MAX_EFFECTS]
    ]  # fmt: skip
    head = [subject, "Change", *(metric_name(metric) for metric in metrics), "Pairs of points"]
    more = f"\n\nand {len(effects) - MAX_EFFECTS} more" if len(effects) > MAX_EFFECTS else ""
    return table(head, rows, [False, False, *(True for _ in metrics), True]) + more


def _change(change: Change | None) -> str:
    if change is None:
        return "-"
    median = f"**{show_ratio(change.median)}**"
    return median if len(change.ratios) == 1 else f"{median} ({show_ratio(change.low)} to {show_ratio(change.high)})"


def _basis(effect: Effect) -> str:
    return f"{effect.points}{' (few)' if effect.few else ''}"
