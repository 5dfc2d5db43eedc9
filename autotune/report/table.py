"""The results of a run as a table on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from autotune.report.interval import LEGEND, any_repeated, show_metric
from autotune.report.masking import mask_arguments, mask_text
from autotune.report.number import UNKNOWN, show_number
from autotune.report.picks import find_picks, pick_lines
from autotune.report.plain import clean
from autotune.report.rows import (
    Row,
    frontier_rows,
    measured_rows,
    report_objectives,
    short_names,
    swept_columns,
    unmeasured_kinds,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from autotune.store.result import Result


#: Columns by their head; goodput where anything has one.
_METRICS = {
    "TTFT ms": "ttft_ms",
    "TPOT ms": "tpot_ms",
    "tok/s": "output_tokens_per_s",
    "tok/s/GPU": "output_tokens_per_s_per_gpu",
}
_GOODPUT = {"good req/s": "goodput_requests_per_s"}


def render_table(results: Sequence[Result], console: Console) -> None:
    """Print one row a point, the load that ranks first standing for it, with the failures below.

    A column for each override that differs between the points; `*` marks points with a load on the Pareto frontier.
    Results that were not measured are marked in the title and in a column of their own.
    """
    kinds = unmeasured_kinds(results)
    rows = frontier_rows(results)
    on_frontier = {id(row.result) for row in rows}
    columns = swept_columns(results)
    with_load = len({row.measurement.load for row in measured_rows(results)}) > 1

    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, title=_title(results, kinds), title_justify="left"
    )
    table.add_column("")
    table.add_column("point", no_wrap=True)
    for name in short_names(columns).values():
        table.add_column(Text(name), overflow="fold")
    if with_load:
        table.add_column("load")
    metrics = _METRICS | (_GOODPUT if any(_has_goodput(result) for result in results) else {})
    for head in ("GPUs", *metrics, "score"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("status")
    if kinds:
        table.add_column("kind")
    for place, result in enumerate(results):
        best = None if result.best is None else Row(result, result.best, result.measurements[result.best])
        cells = ["*" if id(result) in on_frontier else "", result.point_id]
        cells += [values[place] for values in columns.values()]
        if with_load:
            cells.append(UNKNOWN if best is None else best.measurement.load.label)
        cells += [
            str(result.deployment.get("gpus") or UNKNOWN),
            *(show_metric(None if best is None else best.measurement, name) for name in metrics.values()),
        ]
        cells += [show_number(result.score), result.status]
        if kinds:
            cells.append(result.kind if result.kind == "measured" else result.kind.upper())
        table.add_row(*(Text(clean(cell)) for cell in cells))
    console.print(table)
    if rows:
        names = ", ".join(objective.name for objective in report_objectives(results))
        console.print(Text(f"* on the Pareto frontier of {names}, over all loads; score: lower is better", style="dim"))
    if any_repeated(item for result in results for item in result.measurements):
        console.print(Text(LEGEND, style="dim"))
    _print_picks(results, console, with_load=with_load)
    _print_failures(results, console)


def _title(results: Sequence[Result], kinds: Sequence[str]) -> Text:
    title = Text(f"{len(results)} point{'' if len(results) == 1 else 's'}", style="bold")
    for kind in kinds:
        some = "" if all(result.kind == kind for result in results) else "some "
        title.append(f"  {some}{kind.upper()}, NOT MEASURED", style="bold reverse")
    return title


def _has_goodput(result: Result) -> bool:
    return any(math.isfinite(item.goodput_requests_per_s) for item in result.measurements)


def _print_picks(results: Sequence[Result], console: Console, *, with_load: bool) -> None:
    lines = [
        (names, row.result.point_id, row.measurement.load.label if with_load else "", remark)
        for names, row, remark in pick_lines(find_picks(results))
    ]
    widths = [max(map(len, column)) for column in zip(*(line[:3] for line in lines), strict=True)]
    for place, line in enumerate(lines):
        cells = [cell.ljust(width) for cell, width in zip(line[:3], widths, strict=True) if width]
        text = clean("  ".join([*cells, mask_text(line[3])]))
        console.print(Text("\n" * (place == 0) + text), soft_wrap=True)


def _print_failures(results: Sequence[Result], console: Console) -> None:
    failed = [(result, result.failure) for result in results if result.failure is not None]
    if not failed:
        return
    pruned = sum(failure.kind == "refused" for _, failure in failed)
    counts = (f"{len(failed) - pruned} failed" if len(failed) > pruned else "", f"{pruned} pruned" if pruned else "")
    console.print(Text(f"\n{', '.join(filter(None, counts))}", style="bold red"))
    for result, failure in failed:
        names = " ".join(mask_arguments(result.overrides))
        console.print(Text(clean(f"{result.point_id}  {failure.kind.replace('_', ' ')}  {names}"), style="bold"))
        console.print(Text(clean(f"  {mask_text(failure.message)}")), soft_wrap=True)
        if failure.remedy:
            console.print(Text(clean(f"  help: {failure.remedy}")), soft_wrap=True)
