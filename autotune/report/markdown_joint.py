"""Several runs side by side in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.report.comparison import Comparison, compare_runs, letter
from autotune.report.effects import effect_metrics
from autotune.report.github import code, fold, table
from autotune.report.listing import tiles_by_run
from autotune.report.markdown_effects import effect_table
from autotune.report.masking import mask_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.report.reported import Reported

#: Settings that are listed.
MAX_DIFFERING = 25


def joint_parts(reports: Sequence[Reported]) -> list[str]:
    """Several runs beside each other, as far as they are of one kind."""
    comparison = compare_runs(reports)
    names = [
        f"**{letter(place)}** {code(report.run.run_id)} ({report.leading})" for place, report in enumerate(reports)
    ]
    parts = [f"## {len(reports)} runs side by side", ", ".join(names)]
    if comparison is None:
        return [*parts, "They are not compared: there are no two of one kind with numbers."]
    if comparison.apart:
        apart = ", ".join(code(report.run.run_id) for report in comparison.apart)
        parts.append(f"Not compared with the others: {apart}. Only what is of one kind is compared.")
    parts.append(_best_of_each(comparison))
    if comparison.differing:
        rows = [
            [code(path), *(code(mask_value(path, value)) for value in values)]
            for path, values in comparison.differing[:MAX_DIFFERING]
        ]
        head = ["What differs", *comparison.letters]
        parts.append(fold("What differs between the runs", table(head, rows, [False] * len(head))))
    if comparison.effects:
        metrics = effect_metrics(comparison.reports[0].results)
        told = "Median and range of new / old, over points that are alike but for what the runs differ in as a whole."
        parts.append(f"{told}\n\n{effect_table(comparison.effects, metrics, 'Runs')}")
    return parts


def _best_of_each(comparison: Comparison) -> str:
    titles, tiles = tiles_by_run(comparison.reports)
    shares = [sum(place == at for at, _ in comparison.frontier) for place in range(len(tiles))]
    shown = [["-" if tile is None else f"{tile['value']} {tile['unit']}" for tile in found] for found in tiles]
    rows = [
        [f"**{name}**", *cells, f"{share} of {len(comparison.frontier)}"]
        for name, cells, share in zip(comparison.letters, shown, shares, strict=True)
    ]
    head = ["Run", *titles, "On the joint frontier"]
    return table(head, rows, [False, *(True for _ in head[1:])])
