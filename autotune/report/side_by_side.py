"""What the section on several runs shows, as plain data for the template."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from autotune.report.axes import axis_pairs
from autotune.report.effect_tables import Anchor, effect_section
from autotune.report.effects import effect_metrics
from autotune.report.facts import run_facts
from autotune.report.listing import tiles_by_run
from autotune.report.marks import Sample
from autotune.report.masking import mask_value
from autotune.report.pareto import axis_title, plot_heading
from autotune.report.plain import clean
from autotune.report.plot import Frame, draw_plot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.report.comparison import Comparison
    from autotune.report.reported import Reported
    from autotune.report.rows import Row

#: Differences in settings that are listed.
MAX_DIFFERING = 40
#: Above so many marks only those on the frontier have labels and tooltips.
_MAX_TOLD = 400


def joint_section(comparison: Comparison, prefix_of: Mapping[int, str]) -> dict[str, Any]:
    """The runs beside each other. `prefix_of` has what each run's anchors begin with, by the report's identity."""
    reports = comparison.reports
    prefixes = [prefix_of[id(report)] for report in reports]
    titles, tiles = tiles_by_run(reports)
    shares = Counter(place for place, _ in comparison.frontier)
    return {
        "runs": [
            {
                "letter": comparison.letters[place],
                "prefix": prefixes[place],
                "index": place,
                "run_id": report.run.run_id,
                "title": report.title,
                "tiles": tiles[place],
                "frontier": shares[place],
            }
            for place, report in enumerate(reports)
        ],
        "tile_names": titles,
        "kind": reports[0].leading,
        "apart": [{"run_id": report.run.run_id, "kind": report.leading} for report in comparison.apart],
        "facts": _differing_facts(reports),
        "settings": [
            (path, [clean(mask_value(path, value)) or "not set" for value in values])
            for path, values in comparison.differing[:MAX_DIFFERING]
        ],
        "more_settings": max(0, len(comparison.differing) - MAX_DIFFERING),
        "plots": _plots(comparison),
        "joint": len(comparison.frontier),
        "effects": _effects(comparison, prefixes),
        "objectives": [item.name for item in comparison.objectives],
        "other_objectives": any(report.objectives != comparison.objectives for report in reports),
        "prefix": "joint-",
        "mixed": False,
        "series": {"legend": [(place, f"{comparison.letters[place]}: {report.run.run_id}") for place, report in enumerate(reports)]},
    }  # fmt: skip


def _differing_facts(reports: Sequence[Reported]) -> list[tuple[str, list[str]]]:
    known = [dict(run_facts(report)) for report in reports]
    names = dict.fromkeys(name for facts in known for name in facts)
    rows = [(name, [facts.get(name, "-") for facts in known]) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _effects(comparison: Comparison, prefixes: Sequence[str]) -> dict[str, Any] | None:
    if not comparison.effects:
        return None
    metrics = effect_metrics(comparison.reports[0].results)
    anchors = {
        id(result): Anchor(
            f"{prefixes[place]}point-{report.number(result)}", f"{comparison.letters[place]} #{report.number(result)}"
        )
        for place, report in enumerate(comparison.reports)
        for result in report.results
    }
    return effect_section(comparison.effects, (), metrics, lambda result: anchors[id(result)])


def _plots(comparison: Comparison) -> list[dict[str, Any]]:
    best = {(place, id(row.result), row.index) for place, row in comparison.frontier}
    plots = []
    for x, y in axis_pairs(comparison.objectives):
        samples = []
        for place, row in comparison.rows:
            top = (place, id(row.result), row.index) in best
            name = f"{comparison.letters[place]} #{comparison.reports[place].number(row.result)}"
            gpus = row.gpus or None
            samples.append(
                Sample(
                    place,
                    x.read(row.measurement, gpus),
                    y.read(row.measurement, gpus),
                    label=name if top else "",
                    tooltip=_tooltip(name, comparison.reports[place], row)
                    if top or len(comparison.rows) <= _MAX_TOLD
                    else "",
                    top=top,
                )
            )
        plot = draw_plot(samples, Frame(x.maximise, y.maximise))
        if plot is not None:
            plots.append(
                {
                    "plot": plot,
                    "x": axis_title(x, logarithmic=plot.x_log),
                    "y": axis_title(y, logarithmic=plot.y_log),
                    "name": f"{y.short} against {x.short}",
                    "heading": plot_heading(x, y),
                    "description": f"{len(plot.marks)} loads of {len(comparison.reports)} runs, colour and shape by run. "
                    f"On the joint Pareto frontier: {len(comparison.frontier)} loads.",
                    "thinned": False,
                    "beyond": 0,
                }
            )
    return plots


def _tooltip(name: str, report: Reported, row: Row) -> str:
    return f"{name} {report.label(row.result)}\n{row.measurement.load.label}"
