"""How a run stands: which points measured so far are on the frontier of its objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.score import MAX_ERROR_RATE, frontier, get_objectives, objective_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.metrics import Measurement
    from autotune.store.result import Result


class Standing:
    """Takes results as they come. The load that ranks first stands for its point."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._measurements: list[Measurement] = []
        self._rows: list[tuple[float, ...]] = []
        self._on: list[int] | None = []

    def take(self, result: Result) -> None:
        names = (result.config.get("optimization") or {}).get("objectives")
        if result.best is None or not names:
            return
        measurement = result.measurements[result.best]
        if measurement.error_rate <= MAX_ERROR_RATE:
            self._names.append(result.point_id)
            self._measurements.append(measurement)
            gpus = int(result.deployment.get("gpus") or 0) or None
            self._rows.append(objective_values(measurement, get_objectives(names), gpus))
            self._on = None  # found when it is asked for: a run that is read at once asks once

    def has(self, point_id: str) -> bool:
        """Whether a point is on the frontier."""
        return any(self._names[index] == point_id for index in self._found())

    @property
    def frontier(self) -> Sequence[tuple[str, Measurement]]:
        """Ids and measurements of the points on the frontier, the best in the first objective first."""
        ordered = sorted(self._found(), key=lambda index: self._rows[index])
        return [(self._names[index], self._measurements[index]) for index in ordered]

    def _found(self) -> list[int]:
        if self._on is None:
            self._on = frontier(self._rows)
        return self._on
