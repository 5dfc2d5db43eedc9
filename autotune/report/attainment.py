"""Which loads meet which limit, and by how far: SLO targets and constraints, each a column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from autotune.diagnostics import InputError
from autotune.schema import Slo
from autotune.score import Constraint, compile_constraints
from autotune.score.slo import METRICS, STATISTICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.metrics import Measurement
    from autotune.report.rows import Row

#: How the SLO group's fields are called where people read them.
NAMES = {"ttft": "TTFT", "tpot": "TPOT", "e2e_latency": "end to end"}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: a threshold in ms for a statistic of a latency, or a constraint, whose threshold is NaN."""

    name: str
    threshold_ms: float = math.nan
    metric: str = ""
    statistic: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} ≤ {self.threshold_ms:g} ms" if self.metric else self.name


@dataclass(frozen=True, slots=True)
class Standing:
    """How one load stands to one limit. `met` is None where the tool did not give the number.

    `ratio` is measured / threshold - 1, as in a score's penalty: -0.2 is a fifth under the limit, 0.5 half as much again.
    It is NaN for a constraint, of which `reason` says why it is not met.
    """

    met: bool | None
    value_ms: float = math.nan
    ratio: float = math.nan
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Attainment:
    """Every load laid against the limits of its point. A standing is None where the point does not have that limit."""

    limits: tuple[Limit, ...]
    rows: tuple[tuple[Row, tuple[Standing | None, ...]], ...]

    def met(self, place: int) -> int:
        """How many loads meet one limit."""
        return sum(item is not None and item.met is True for item in self._of(place))

    def judged(self, place: int) -> int:
        """How many loads have the limit and its number."""
        return sum(item is not None and item.met is not None for item in self._of(place))

    def _of(self, place: int) -> Iterable[Standing | None]:
        return (standings[place] for _, standings in self.rows)

    def meets_all(self, standings: Sequence[Standing | None]) -> bool:
        """Whether none of the limits of a load is missed or unknown."""
        return all(item is None or item.met is True for item in standings)


def find_attainment(rows: Sequence[Row]) -> Attainment:
    """Judge each load by the SLOs and constraints of its own config; what a config has wrong is no limit."""
    sets = {id(row.result): _limits_of(row.result.config) for row in rows}
    judged = [(row, dict(_standings(row.measurement, *sets[id(row.result)]))) for row in rows]
    limits = tuple(dict.fromkeys(limit for _, found in judged for limit in found))
    return Attainment(limits, tuple((row, tuple(found.get(limit) for limit in limits)) for row, found in judged))


def _limits_of(config: Mapping[str, Any]) -> tuple[Sequence[Limit], Sequence[Constraint]]:
    sources = (config.get("optimization") or {}).get("constraints") or ()
    return _slo_limits(config.get("slo")), _constraints(sources)


def _standings(
    measurement: Measurement, limits: Sequence[Limit], constraints: Sequence[Constraint]
) -> Iterable[tuple[Limit, Standing]]:
    for limit in limits:
        yield limit, _stand(measurement, limit)
    for constraint in constraints:
        reason = constraint.why_not(measurement)
        yield Limit(constraint.source), Standing(reason is None, reason=reason or "")


def _slo_limits(data: Any) -> Sequence[Limit]:
    try:
        slo = Slo.model_validate(data or {})
    except ValidationError:
        return ()
    return [
        Limit(f"{NAMES[metric]} {statistic}", target.threshold, metric, statistic)
        for metric in METRICS
        if (targets := getattr(slo, metric)) is not None
        for statistic in STATISTICS
        if (target := getattr(targets, statistic)) is not None
    ]


def _stand(measurement: Measurement, limit: Limit) -> Standing:
    for field in METRICS[limit.metric]:
        value = getattr(measurement, field).get(limit.statistic, math.nan)
        if math.isfinite(value):
            return Standing(value <= limit.threshold_ms, value, value / limit.threshold_ms - 1)
    return Standing(None)


def _constraints(sources: Sequence[str]) -> tuple[Constraint, ...]:
    try:
        return compile_constraints(sources)
    except (InputError, TypeError):
        return ()
