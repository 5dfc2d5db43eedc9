"""One load on one server, predicted beside measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autotune.verify.align import Values, align

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.metrics import Load, Measurement
    from autotune.predict.pair import Subject
    from autotune.schema import Config


@dataclass(frozen=True)
class Compared:
    """`name` is what people know the point by, `settings` what it differs in from the others, by config path.

    `config` is the point's, for its objectives; `subject` what a calibration may look at; `gpus` of the whole server, None
    where nobody knows.
    """

    run_id: str
    point_id: str
    name: str
    predicted: Measurement
    measured: Measurement
    config: Config
    subject: Subject
    gpus: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def load(self) -> Load:
        """As it was measured."""
        return self.measured.load

    @cached_property
    def values(self) -> dict[str, Values]:
        """The metrics that both sides know."""
        return align(self.predicted, self.measured, self.gpus)
