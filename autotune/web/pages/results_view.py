"""What the page of results shows, put together from what the report knows of runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autotune.report.attainment import find_attainment
from autotune.report.axes import axis_pairs
from autotune.report.chosen import choose, pick_names
from autotune.report.columns import all_columns, default_columns, entries_of
from autotune.report.comparison import compare_runs, letter
from autotune.report.figure import axis_choices, pareto_figure
from autotune.report.page import show_counts
from autotune.report.reproduce import point_command
from autotune.report.selection import Selected, select
from autotune.report.side_by_side import joint_section
from autotune.report.whatif import WhatIf, changed_slo, limit_sliders, moved_weights, own_limits, own_weights
from autotune.score import OBJECTIVES, percentages

if TYPE_CHECKING:
    from autotune.report.chosen import Chosen
    from autotune.report.columns import Column, Entry
    from autotune.report.reported import Reported
    from autotune.web.pages.results_query import ResultsQuery
    from autotune.web.reading import StoredRun

#: Values of one setting that are offered.
MOST_VALUES = 24
STATUSES = ("done", "failed", "pruned", "running", "interrupted")


@dataclass(frozen=True, eq=False)
class ResultsView:
    """Runs under the weights and limits of a query. The first run says which objectives there are sliders for; runs with
    others are ranked by their own.
    """

    runs: tuple[StoredRun, ...]
    query: ResultsQuery

    @cached_property
    def whatif(self) -> WhatIf:
        first = self.runs[0].report
        weights = moved_weights(own_weights(first), self.query.weights, self.query.moved)
        return WhatIf(weights, changed_slo(first, self.limits))

    @cached_property
    def limits(self) -> dict[str, float]:
        return dict(self.query.limits) if self.query.asked else own_limits(self.runs[0].report)

    @cached_property
    def is_changed(self) -> bool:
        """Whether anything is judged otherwise than the run did."""
        own = percentages(own_weights(self.runs[0].report))
        return self.whatif.slo is not None or percentages(self.whatif.weights) != own

    @cached_property
    def reports(self) -> tuple[Reported, ...]:
        if not self.is_changed:
            return tuple(run.report for run in self.runs)
        wanted = self.runs[0].report.objectives
        return tuple(
            self.whatif.apply(run.report) if run.report.objectives == wanted else run.report for run in self.runs
        )

    @cached_property
    def letters(self) -> tuple[str, ...]:
        return tuple(letter(place) if len(self.runs) > 1 else "" for place in range(len(self.runs)))

    @cached_property
    def columns(self) -> list[Column]:
        return all_columns(self.reports)

    @cached_property
    def shown(self) -> list[Column]:
        wanted = self.query.columns or tuple(default_columns(self.columns))
        return [item for item in self.columns if item.name in wanted or item.name == "point"]

    @cached_property
    def entries(self) -> list[Entry]:
        return entries_of(self.reports, self.letters)

    @cached_property
    def selected(self) -> Selected:
        return select(self.entries, self.columns, self.query.selection)

    @cached_property
    def chosen(self) -> list[tuple[str, Reported, Chosen]]:
        """What to choose in each run."""
        return [
            (name, report, run.chosen if report is run.report else choose(report))
            for name, run, report in zip(self.letters, self.runs, self.reports, strict=True)
        ]

    @cached_property
    def picks(self) -> dict[tuple[int, int], str]:
        return {key: names for _, _, chosen in self.chosen for key, names in pick_names(chosen).items()}

    @cached_property
    def axes(self) -> tuple[str, str]:
        """The axes that were chosen, else those of the run's own first two objectives."""
        x, y = axis_pairs(self.reports[0].objectives)[0]
        return (
            self.query.axes[0] if self.query.axes[0] in OBJECTIVES else x.objective.name,
            self.query.axes[1] if self.query.axes[1] in OBJECTIVES else y.objective.name,
        )

    def figure(self) -> dict[str, Any]:
        """The Pareto plot of the lines that the filter leaves, on all pages."""
        series: dict[int, tuple[int, str]] = {}
        for place, (run, report) in enumerate(zip(self.runs, self.reports, strict=True)):
            legend = dict(run.series.legend)
            for at, result in enumerate(report.results):
                index = run.series.index[at]
                own = (index, legend.get(index, ""))
                series[id(result)] = (
                    own if len(self.runs) == 1 else (place, f"{self.letters[place]}: {report.run.run_id}")
                )
        limits = find_attainment(self.reports[0].ranked).limits
        wanted = select(self.entries, self.columns, self.query.selection, paged=False)
        return pareto_figure(wanted.entries, self.axes, series, limits=limits, picks=self.picks)

    def found(self) -> dict[str, Any]:
        """What changes with the form: picks, sliders and the table."""
        first = self.runs[0].report
        return {
            "chosen": [
                {"letter": name, "report": report, "missing": chosen.missing,
                 "choices": [(item, point_command(item.row.result)) for item in chosen.choices]}
                for name, report, chosen in self.chosen
            ],
            "columns": self.shown,
            "selected": self.selected,
            "pick_of": self._pick,
            "weights": self.whatif.sliders(first),
            "limits": limit_sliders(first, self.limits),
            "is_changed": self.is_changed,
            "with_predictions": any(item.predictions for report in self.reports for item in report.results),
            "query": self.query,
        }  # fmt: skip

    def _pick(self, entry: Entry) -> str:
        return "" if entry.row is None else self.picks.get((id(entry.result), entry.row.index), "")

    def page(self) -> dict[str, Any]:
        """Everything else on the page."""
        return {
            "counts": show_counts,
            "reports": list(zip(self.letters, self.reports, strict=True)),
            "all_columns": self.columns,
            "swept": self._swept(),
            "statuses": [name for name in STATUSES if any(item.status == name for report in self.reports for item in report.results)],
            "axis_choices": axis_choices(),
            "axes": self.axes,
            "effects": self.runs[0].effect_tables if len(self.runs) == 1 else None,
            "joint": self._joint(),
        }  # fmt: skip

    def _swept(self) -> list[tuple[str, list[str]]]:
        """The values of each swept setting that can be picked from; a longer list is for the text filter."""
        values: dict[str, dict[str, None]] = {}
        for report in self.reports:
            for path in report.columns:
                values.setdefault(path, {}).update(dict.fromkeys(report.values(path)))
        return [(path, list(found)) for path, found in values.items() if len(found) <= MOST_VALUES]

    def _joint(self) -> dict[str, Any] | None:
        comparison = compare_runs(self.reports) if len(self.reports) > 1 else None
        if comparison is None:
            return None
        return joint_section(comparison, {id(report): "" for report in self.reports})
