"""The Pareto plots of a run: one for each pair of objectives, with predictions linked to what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.report.axes import Axis, axis_pairs
from autotune.report.chosen import pick_names
from autotune.report.marks import Sample
from autotune.report.number import show_number
from autotune.report.plot import Frame, Plot, draw_plot
from autotune.report.prediction import Foretold, find_predictions
from autotune.score.objectives import central

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.metrics import Measurement
    from autotune.report.attainment import Limit
    from autotune.report.chosen import Chosen
    from autotune.report.reported import Reported
    from autotune.report.rows import Row
    from autotune.report.series import Series

#: More predictions than this hide what they are linked to: then only those of the frontier are drawn.
MAX_GHOSTS = 60
#: Above so many marks only those on the frontier have labels and tooltips; the table has the numbers of all.
MAX_TOLD = 400


def pareto_plots(report: Reported, series: Series, limits: Sequence[Limit], chosen: Chosen) -> list[dict[str, Any]]:
    """What the template draws: for each pair of axes the plot, its titles and a description in words."""
    picks = pick_names(chosen)
    foretold = {report.key(item.row): item for item in find_predictions(report.rows)}
    drawn = frozenset(foretold)
    if len(drawn) > MAX_GHOSTS:
        drawn &= report.on_frontier
    plots = []
    for x, y in axis_pairs(report.objectives):
        drawing = _Drawing(report, series, x, y, foretold, drawn, picks)
        plot = draw_plot(
            [drawing.sample(row) for row in report.rows],
            Frame(x.maximise, y.maximise, _rules(x, limits), _rules(y, limits)),
        )
        if plot is not None:
            plots.append(
                {
                    "plot": plot,
                    "x": axis_title(x, logarithmic=plot.x_log),
                    "y": axis_title(y, logarithmic=plot.y_log),
                    "name": f"{y.short} against {x.short}",
                    "heading": plot_heading(x, y),
                    "description": _describe(report, plot, x, y),
                    "thinned": len(drawn) < len(foretold),
                    "beyond": sum(not ghost.inside for ghost in plot.ghosts),
                }
            )
    return plots


def _rules(axis: Axis, limits: Sequence[Limit]) -> tuple[tuple[float, str], ...]:
    places = {limit.label: axis.limit(limit) for limit in limits}
    return tuple((at, label) for label, at in places.items() if at is not None)


def plot_heading(x: Axis, y: Axis) -> str:
    """What the plot shows, as a sentence begins."""
    return f"{y.title[:1].upper()}{y.title[1:]} against {x.title}"


def axis_title(axis: Axis, *, logarithmic: bool) -> str:
    """What stands along an axis."""
    return axis.title + (", log scale" if logarithmic else "")


@dataclass(frozen=True, slots=True)
class _Drawing:
    """One plot's samples in the making. `drawn` are the rows whose prediction is drawn."""

    report: Reported
    series: Series
    x: Axis
    y: Axis
    foretold: Mapping[tuple[int, int], Foretold]
    drawn: frozenset[tuple[int, int]]
    picks: Mapping[tuple[int, int], str]

    def sample(self, row: Row) -> Sample:
        report, key = self.report, self.report.key(row)
        place = report.place(row.result)
        top = key in report.on_frontier
        pick = self.picks.get((id(row.result), row.index), "")
        told = top or bool(pick) or len(report.rows) <= MAX_TOLD
        x, y = self.at(row.measurement, row)
        return Sample(
            self.series.index[place],
            x,
            y,
            label=_label(report, row) if told and (top or pick or self.series.own) else "",
            tooltip=_tooltip(report, row, self.foretold.get(key)) if told else "",
            ranked=row.measurement.kind == report.leading and report.is_sound(row),
            line=place if self.series.own else None,
            predicted=self.at(self.foretold[key].predicted.measurement, row) if key in self.drawn else None,
            top=top,
            pick=pick,
        )

    def at(self, measurement: Measurement, row: Row) -> tuple[float, float]:
        gpus = row.gpus or None
        return self.x.read(measurement, gpus), self.y.read(measurement, gpus)


def _label(report: Reported, row: Row) -> str:
    load = row.measurement.load
    short = f"c={load.concurrency}" if load.request_rate is None else f"{load.request_rate:g}/s"
    return f"#{report.number(row.result)} {short}" if report.with_load else f"#{report.number(row.result)}"


def _tooltip(report: Reported, row: Row, foretold: Foretold | None) -> str:
    item = row.measurement
    lines = [
        f"#{report.number(row.result)} {report.label(row.result)}".rstrip()
        + ("" if item.kind == "measured" else f" ({item.kind})"),
        item.load.label,
        f"{show_number(item.output_tokens_per_s_per_user)} tokens/s per user",
        f"{show_number(item.output_tokens_per_s_per_gpu)} tokens/s per GPU",
        f"TTFT {show_number(central(item.ttft_ms))} ms, TPOT {show_number(central(item.tpot_ms))} ms",
    ]
    if foretold is not None:
        said = foretold.predicted.measurement
        lines.append(
            f"predicted: {show_number(said.output_tokens_per_s_per_user)} and "
            f"{show_number(said.output_tokens_per_s_per_gpu)} tokens/s"
        )
    return "\n".join(lines)


def _describe(report: Reported, plot: Plot, x: Axis, y: Axis) -> str:
    """The plot in words, for who does not see it."""
    best = [f"#{number}" for number in dict.fromkeys(report.number(row.result) for row in report.frontier)]
    better = f"{'right' if x.maximise else 'left'} and {'up' if y.maximise else 'down'}"
    parts = [
        f"{len(plot.marks)} {report.leading} loads.",
        f"More {x.title} lies to the right, more {y.title} above; better is {better}.",
    ]
    if best:
        parts.append(f"On the Pareto frontier: {len(report.frontier)} loads, of the points {', '.join(best)}.")
    if plot.ghosts:
        parts.append(f"{len(plot.ghosts)} hollow markers show what was predicted, each joined to what came out.")
    parts.append("The tables below hold the same numbers.")
    return " ".join(parts)
