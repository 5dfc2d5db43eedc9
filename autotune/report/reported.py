"""One run as a report sees it: its record, its results, and what every section needs of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from autotune.report.effects import ordered_values
from autotune.report.number import UNKNOWN
from autotune.report.rows import (
    Row,
    frontier_rows,
    measured_rows,
    report_objectives,
    short_names,
    swept_columns,
    unmeasured_kinds,
)
from autotune.score import MAX_ERROR_RATE, Objective

if TYPE_CHECKING:
    from autotune.metrics import Kind
    from autotune.store.record import RunRecord
    from autotune.store.result import Result


@dataclass(frozen=True, eq=False)
class Reported:
    """A run and its results, in order. Points are called by their number in the run, from 1, as `autotune logs` takes it."""

    run: RunRecord
    results: tuple[Result, ...]

    @cached_property
    def rows(self) -> list[Row]:
        """Every load of every point."""
        return measured_rows(self.results)

    @cached_property
    def ranked(self) -> list[Row]:
        """The rows that are laid against each other: those of the leading kind, without too many failed requests."""
        return [row for row in self.rows if row.measurement.kind == self.leading and self.is_sound(row)]

    def is_sound(self, row: Row) -> bool:
        """Whether few enough requests failed for the others to say something about the server."""
        return row.measurement.error_rate <= MAX_ERROR_RATE

    @cached_property
    def frontier(self) -> list[Row]:
        """The rows of the leading kind that no other beats in all objectives."""
        return [row for row in frontier_rows(self.results, self.objectives) if row.measurement.kind == self.leading]

    @cached_property
    def on_frontier(self) -> frozenset[tuple[int, int]]:
        """Keys (see `key`) of the rows on the frontier."""
        return frozenset(self.key(row) for row in self.frontier)

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        return report_objectives(self.results)

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds that are not measurements."""
        return unmeasured_kinds(self.results)

    @cached_property
    def leading(self) -> Kind:
        """Measured where anything was; else what there is. Values of different kinds are never ranked together."""
        found = {row.measurement.kind for row in self.rows} or {result.kind for result in self.results}
        return next((kind for kind in ("measured", "emulated", "predicted") if kind in found), "measured")

    @cached_property
    def columns(self) -> dict[str, list[str]]:
        """What differs between the points: override path -> value on each, in order."""
        return swept_columns(self.results)

    @cached_property
    def names(self) -> dict[str, str]:
        """The short name of each of the columns."""
        return short_names(self.columns)

    def values(self, path: str) -> list[str]:
        """The values of one of the columns, each once, in the order that a reader expects."""
        return ordered_values(path, self.columns, self.run.inputs.overrides)

    @cached_property
    def with_load(self) -> bool:
        """Whether the load tells rows apart."""
        return len({row.measurement.load for row in self.rows}) > 1

    @cached_property
    def models(self) -> list[str]:
        return sorted({str((result.config.get("model") or {}).get("id", UNKNOWN)) for result in self.results})

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(result): place for place, result in enumerate(self.results)}

    def place(self, result: Result) -> int:
        """The result's index among the results."""
        return self._places[id(result)]

    def number(self, result: Result) -> int:
        """The number of the result's point in the run, as `autotune logs` counts; after the last for one that is not in it."""
        return self._numbers[result.point_id]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        order = dict.fromkeys((*self.run.points, *(result.point_id for result in self.results)))
        return {name: place + 1 for place, name in enumerate(order)}

    def key(self, row: Row) -> tuple[int, int]:
        return self.place(row.result), row.index

    def label(self, result: Result) -> str:
        """What sets the point apart: `tp=2 fp8_quantized`; empty for the only one."""
        place = self.place(result)
        parts = ((self.names[path], values[place]) for path, values in self.columns.items())
        return " ".join(value if name == "profile" else f"{name}={value}" for name, value in parts if value)

    def row_label(self, row: Row) -> str:
        """The point and the load of a row: `#3 tp=2 at D(100,100) c=8`."""
        load = f"at {row.measurement.load.label}" if self.with_load else ""
        return " ".join(filter(None, (f"#{self.number(row.result)}", self.label(row.result), load)))

    @property
    def title(self) -> str:
        """The models by name, as a heading."""
        return ", ".join(self.models) or "autotune report"
