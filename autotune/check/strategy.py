"""The search strategy against those that this version has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotune.diagnostics import diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: `auto` may be anything, so it is no broken promise.
_THERE = ("grid", "random", "auto")


def check_strategy(config: Config, _: Facts) -> Iterator[Diagnostic]:
    """AT115: a strategy that learns from results, which is taken as the grid."""
    strategy = config.optimization.strategy
    if strategy not in _THERE:
        yield diagnostic(
            "AT115",
            f"optimization.strategy={strategy} is not in this version; the points are run as the grid gives them",
            path="optimization.strategy",
            help="use grid or random, and optimization.max_experiments to run fewer points",
        )
