"""The results as rows of a table, and the best of each metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.report.interval import show_metric
from autotune.report.number import UNKNOWN, show_number, show_percent
from autotune.score.objectives import central

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.report.attainment import Attainment
    from autotune.report.reported import Reported
    from autotune.report.rows import Row
    from autotune.report.series import Series

#: With more rows than this the frontier has a table of its own, and of the other points the best load alone is listed.
MANY_ROWS = 60


def list_rows(
    report: Reported, series: Series, attainment: Attainment, picks: Mapping[tuple[int, int], str]
) -> tuple[list[dict[str, Any]], int]:
    """Rows of the table of all results, in the order of the points, and how many loads it leaves out.

    Where there are many, a point has a row for each load on the frontier or picked, else one for the load that ranks first.
    """
    rows = report.rows
    if len(rows) > MANY_ROWS:
        shown = {report.key(row) for row in rows if report.key(row) in report.on_frontier or _pick(row, picks)}
        with_row = {place for place, _ in shown}
        rows = [
            row
            for row in rows
            if report.key(row) in shown or (row.is_best and report.place(row.result) not in with_row)
        ]
    meets = _verdicts(report, attainment)
    shown_rows = [table_row(report, row, series, meets, _pick(row, picks)) for row in rows]
    return shown_rows, len(report.rows) - len(rows)


def frontier_table(
    report: Reported, series: Series, attainment: Attainment, picks: Mapping[tuple[int, int], str]
) -> list[dict[str, Any]]:
    """The rows on the frontier, the one that is best at the first objective first."""
    first = report.objectives[0]
    rows = sorted(report.frontier, key=lambda row: first.value(row.measurement, row.gpus or None))
    meets = _verdicts(report, attainment)
    return [table_row(report, row, series, meets, _pick(row, picks)) for row in rows]


def _pick(row: Row, picks: Mapping[tuple[int, int], str]) -> str:
    return picks.get((id(row.result), row.index), "")


def table_row(
    report: Reported, row: Row, series: Series, meets: Mapping[tuple[int, int], bool], pick: str
) -> dict[str, Any]:
    item, place = row.measurement, report.place(row.result)
    return {
        "number": report.number(row.result),
        "point_id": row.result.point_id,
        "series": series.index[place],
        "values": [values[place] for values in report.columns.values()],
        "load": item.load.label,
        "gpus": row.gpus or UNKNOWN,
        "ttft": show_metric(item, "ttft_ms"),
        "tpot": show_metric(item, "tpot_ms"),
        "user": show_metric(item, "output_tokens_per_s_per_user"),
        "total": show_metric(item, "output_tokens_per_s"),
        "per_gpu": show_metric(item, "output_tokens_per_s_per_gpu"),
        "errors": show_percent(item.error_rate),
        "failing": item.error_rate > 0,
        "score": show_number(row.result.score) if row.is_best else "",
        "frontier": report.key(row) in report.on_frontier,
        "meets": meets.get(report.key(row)),
        "kind": item.kind,
        "pick": pick,
    }


def best_tiles(report: Reported) -> list[dict[str, Any]]:
    """The best of each metric, over all loads without failed requests."""
    rows = [row for row in report.ranked if row.measurement.error_rate == 0]
    wanted: tuple[tuple[str, str, Any, bool], ...] = (
        ("Most output per GPU", "tokens/s/GPU", lambda item: item.output_tokens_per_s_per_gpu, True),
        ("Most output", "tokens/s", lambda item: item.output_tokens_per_s, True),
        ("Lowest TPOT", "ms", lambda item: central(item.tpot_ms), False),
        ("Lowest TTFT", "ms", lambda item: central(item.ttft_ms), False),
    )
    tiles = []
    for title, unit, metric, largest in wanted:
        known = [row for row in rows if metric(row.measurement) == metric(row.measurement)]
        if known:
            best = (max if largest else min)(known, key=lambda row: metric(row.measurement))
            tiles.append(
                {
                    "title": title,
                    "value": show_number(metric(best.measurement)),
                    "unit": unit,
                    "number": report.number(best.result),
                    "point_id": best.result.point_id,
                    "where": report.label(best.result),
                    "load": best.measurement.load.label,
                }
            )
    return tiles


def tiles_by_run(reports: Sequence[Reported]) -> tuple[list[str], list[list[dict[str, Any] | None]]]:
    """The titles of the best values of several runs, and each run's tile for each of them, None where it has none."""
    found = [{tile["title"]: tile for tile in best_tiles(report)} for report in reports]
    titles = list(dict.fromkeys(title for tiles in found for title in tiles))
    return titles, [[tiles.get(title) for title in titles] for tiles in found]


def swept_words(report: Reported) -> list[str]:
    """What the points differ in: `tp: 2, 4, 8`, in the order that it was said in."""
    words = []
    for path in report.columns:
        shown = [value or "not said" for value in report.values(path)]
        more = f", ... ({len(shown)} values)" if len(shown) > 8 else ""
        words.append(f"{path}: {', '.join(shown[:8])}{more}")
    return words


def without_numbers(report: Reported) -> Sequence[dict[str, Any]]:
    """A row for each point that has no measurement."""
    return [
        {
            "number": report.number(result),
            "point_id": result.point_id,
            "status": result.status,
            "why": "" if result.failure is None else result.failure.kind.replace("_", " "),
            "values": [values[place] for values in report.columns.values()],
        }
        for place, result in enumerate(report.results)
        if not result.measurements
    ]


def _verdicts(report: Reported, attainment: Attainment) -> dict[tuple[int, int], bool]:
    if not attainment.limits:
        return {}
    return {report.key(row): attainment.meets_all(standings) for row, standings in attainment.rows}
