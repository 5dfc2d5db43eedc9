"""What the HTML report shows, as plain data for its template: no markup here, no decisions there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.report.attainment import find_attainment
from autotune.report.chosen import choose, pick_names
from autotune.report.comparison import compare_runs, letter
from autotune.report.convergence import FOUND, find_convergence
from autotune.report.effect_tables import Anchor, effect_section
from autotune.report.effects import effect_metrics, find_effects, find_outages
from autotune.report.facts import run_facts
from autotune.report.failures import group_failures
from autotune.report.interval import LEGEND, any_repeated
from autotune.report.listing import best_tiles, frontier_table, list_rows, swept_words, without_numbers
from autotune.report.marks import COLOURS, SHAPES
from autotune.report.pareto import pareto_plots
from autotune.report.point_details import describe_points
from autotune.report.prediction import find_accuracy, find_predictions
from autotune.report.provenance import layer_counts
from autotune.report.reproduce import run_commands
from autotune.report.sections import accuracy_rows, convergence_section, limit_section
from autotune.report.series import choose_series
from autotune.report.side_by_side import joint_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.report.effects import Effect
    from autotune.report.reported import Reported
    from autotune.store.result import Result

#: Points that a group of failures names.
_MOST_NAMED = 12


def build_page(reports: Sequence[Reported]) -> dict[str, Any]:
    """The template's variables. Several runs are laid side by side, as far as they are of one kind."""
    prefixes = [f"{letter(place).lower()}-" if len(reports) > 1 else "" for place in range(len(reports))]
    comparison = compare_runs(reports) if len(reports) > 1 else None
    return {
        "shapes": SHAPES,
        "colours": COLOURS,
        "runs": [
            build_run(report, prefix) | {"letter": letter(place) if prefix else ""}
            for place, (report, prefix) in enumerate(zip(reports, prefixes, strict=True))
        ],
        "joint": comparison and joint_section(comparison, dict(zip(map(id, reports), prefixes, strict=True))),
    }


def build_run(report: Reported, prefix: str) -> dict[str, Any]:
    """The variables of one run. `prefix` tells its anchors from those of other runs in the same page."""
    effects = find_effects(report.results, report.run.inputs.overrides)
    series = choose_series(report, effects)
    attainment = find_attainment(report.ranked)
    chosen = choose(report)
    picks = pick_names(chosen)
    rows, left_out = list_rows(report, series, attainment, picks)
    points, common = describe_points(report, series)
    return {
        "prefix": prefix,
        "run": report.run,
        "title": report.title,
        "when": show_when(report),
        "counts": show_counts(report),
        "swept": swept_words(report),
        "kinds": report.kinds,
        "leading": report.leading,
        "mixed": any(row.measurement.kind != report.leading for row in report.rows),
        "all_unmeasured": bool(report.results) and all(result.kind != "measured" for result in report.results),
        "chosen": chosen,
        "tiles": best_tiles(report),
        "plots": pareto_plots(report, series, attainment.limits, chosen),
        "series": series,
        "objectives": [objective.name for objective in report.objectives],
        "columns": [(path, report.names[path]) for path in report.columns],
        "with_load": report.with_load,
        "with_slo": bool(attainment.limits),
        "frontier": frontier_table(report, series, attainment, picks),
        "rows": rows,
        "left_out": left_out,
        "unmeasured": without_numbers(report),
        "legend": LEGEND if any_repeated(row.measurement for row in report.rows) else "",
        "effects": _effects(report, effects, prefix),
        "limits": limit_section(report, attainment),
        "convergence": _convergence(report),
        "accuracy": accuracy_rows(find_accuracy(find_predictions(report.ranked))),
        "failures": [_failure(report, group) for group in group_failures(report.results)],
        "points": points,
        "common": common,
        "layers": layer_counts(report.results),
        "facts": run_facts(report),
        "commands": run_commands(report.run),
    }


def _effects(report: Reported, effects: Sequence[Effect], prefix: str) -> dict[str, Any] | None:
    if not effects:
        return None

    def anchor(result: Result) -> Anchor:
        return Anchor(f"{prefix}point-{report.number(result)}", f"#{report.number(result)}")

    return effect_section(effects, find_outages(report.results), effect_metrics(report.results), anchor)


def _convergence(report: Reported) -> dict[str, Any] | None:
    """None where there is nothing to converge: a run of one experiment."""
    found = find_convergence(report.results, report.objectives, report.leading)
    return None if found is None or len(found.steps) < 2 else convergence_section(report, found, FOUND)


def show_when(report: Reported) -> str:
    """When it was run: `2026-11-26 12:03:21 UTC to 12:05:40 UTC`."""
    start, end = show_time(report.run.created_at), show_time(report.run.finished_at or "")
    day = start.partition(" ")[0]
    return f"{start} to {end.removeprefix(day).strip()}" if end else f"{start}, not finished"


def show_time(moment: str) -> str:
    """An ISO 8601 time for people."""
    return moment.replace("T", " ").replace("+00:00", " UTC").removesuffix("Z") + (
        " UTC" if moment.endswith("Z") else ""
    )


def show_counts(report: Reported) -> str:
    """`20 points: 14 done, 6 pruned`; how many were run where a strategy chose among them."""
    total, there = len(report.run.points), len(report.results)
    points = f"{there} point{'' if there == 1 else 's'}" + (f" of {total}" if total > there else "")
    statuses = [result.status for result in report.results]
    counts = ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
    return f"{points}: {counts}" if counts else points


def _failure(report: Reported, group: Any) -> dict[str, Any]:
    shown = group.results[:_MOST_NAMED]
    return {
        "group": group,
        "points": [(report.number(result), report.label(result)) for result in shown],
        "more": len(group.results) - len(shown),
        "logs": f"autotune logs {report.run.run_id} {report.number(group.results[0])}",
    }
