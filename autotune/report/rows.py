"""Results laid out as rows: one for each load that was measured on a point."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError
from autotune.report.masking import mask_value
from autotune.score import MAX_ERROR_RATE, OBJECTIVES, Objective, frontier, get_objectives, objective_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.metrics import Measurement
    from autotune.store.result import Result

#: Taken where the results name no objectives.
DEFAULT_OBJECTIVES = ("maximize_throughput_per_gpu", "minimize_tpot")


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement of one result; `index` is its place in `result.measurements`."""

    result: Result
    index: int
    measurement: Measurement
    _metrics: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    def metric(self, objective: Objective) -> float:
        """The number that an objective reads, NaN where it is not known. Kept, since a row is in many pairs."""
        if objective.name not in self._metrics:
            self._metrics[objective.name] = objective.metric(self.measurement, self.gpus or None)
        return self._metrics[objective.name]

    @property
    def gpus(self) -> int:
        """GPUs of the whole server; 0 where the deployment does not say."""
        return int(self.result.deployment.get("gpus") or 0)

    @property
    def is_best(self) -> bool:
        """Whether this load stands for its point."""
        return self.index == self.result.best


def measured_rows(results: Iterable[Result]) -> list[Row]:
    """Every measurement of every result, in order."""
    return [Row(result, index, item) for result in results for index, item in enumerate(result.measurements)]


def report_objectives(results: Sequence[Result]) -> tuple[Objective, ...]:
    """The objectives that the first result was run for; the default ones where it names none that are known."""
    for result in results:
        names = (result.config.get("optimization") or {}).get("objectives")
        if names:
            try:
                return get_objectives(names)
            except InputError:
                break
    return tuple(OBJECTIVES[name] for name in DEFAULT_OBJECTIVES)


def frontier_rows(results: Sequence[Result], objectives: Sequence[Objective] | None = None) -> list[Row]:
    """The rows on the Pareto frontier of the results' objectives, over all loads, in order.

    What was measured, emulated and predicted is never laid against each other: each kind has a frontier of its own.
    Measurements with more errors than MAX_ERROR_RATE, and those that lack an objective, are on none.
    """
    chosen = report_objectives(results) if objectives is None else objectives
    kinds: dict[str, list[Row]] = defaultdict(list)
    for row in measured_rows(results):
        if row.measurement.error_rate <= MAX_ERROR_RATE:
            kinds[row.measurement.kind].append(row)
    kept: list[Row] = []
    for rows in kinds.values():
        values = [objective_values(row.measurement, chosen, row.gpus or None) for row in rows]
        kept += [rows[index] for index in frontier(values)]
    order = {(id(row.result), row.index): place for place, row in enumerate(measured_rows(results))}
    return sorted(kept, key=lambda row: order[id(row.result), row.index])


def swept_columns(results: Sequence[Result]) -> dict[str, list[str]]:
    """What differs between the points: override path -> its value on each result, in order; empty where it has none.

    Paths that every result sets alike are left out.
    """
    typed = [dict(_split(override) for override in result.overrides) for result in results]
    paths = dict.fromkeys(path for values in typed for path in values)
    columns = {path: [values.get(path, "") for values in typed] for path in paths}
    return {path: values for path, values in columns.items() if len(set(values)) > 1}


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Each dotted path by its last part, where no other path ends alike."""
    known = list(paths)
    last = [path.rpartition(".")[2] for path in known]
    return {path: name if last.count(name) == 1 else path for path, name in zip(known, last, strict=True)}


def unmeasured_kinds(results: Iterable[Result]) -> list[str]:
    """The kinds among the results that are not measurements: `emulated`, `predicted`."""
    return sorted({result.kind for result in results} - {"measured"})


def _split(override: str) -> tuple[str, str]:
    path, equals, value = override.partition("=")
    if not equals and path.startswith("~"):
        return path.lstrip("~"), "(removed)"
    name = path.lstrip("+")
    return name, mask_value(name, value)
