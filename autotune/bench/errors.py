"""What a load client raises when a load could not be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autotune.metrics import Measurement


class BenchError(Exception):
    """Nothing usable came out of a load.

    `log_tail` is the end of the tool's own output; `measurements` are the loads of the same call that did come out
    before this one failed.
    """

    def __init__(self, message: str, log_tail: str = "", measurements: Sequence[Measurement] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.log_tail = log_tail
        self.measurements = tuple(measurements)


class BenchCancelled(BenchError):  # noqa: N818 - it is no error
    """The caller asked to stop."""
