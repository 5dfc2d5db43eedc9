"""What is wrong with what a point is to be judged by, found before anything is measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, diagnostic, suggest
from autotune.score.constraints import PATH as CONSTRAINTS
from autotune.score.constraints import compile_constraints
from autotune.score.objectives import get_objectives
from autotune.score.slo import has_targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autotune.compiled import CompiledPoint
    from autotune.diagnostics import Diagnostic, Writer
    from autotune.schema import Config

GOODPUT = "goodput_requests_per_s"


def goal_findings(point: CompiledPoint) -> list[Diagnostic]:
    """AT003 and AT008 for unknown objectives and wrong constraints, AT150 for goodput that nothing defines, AT151 for
    weights of what is no objective.
    """
    if point.config is None:
        return []
    found = _findings(point.config)
    return [replace(item.at(_writer(point, item.path or "")), point=point.id) for item in found]


def _writer(point: CompiledPoint, path: str) -> Writer | None:
    """Who set the path, or the map that it stands in."""
    return point.origin.get(path) or point.origin.get(path.rpartition(".")[0])


def _findings(config: Config) -> Iterator[Diagnostic]:
    wanted = config.optimization
    about: list[tuple[str, str]] = []
    try:
        about += [
            (item.name, "optimization.objectives")
            for item in get_objectives(wanted.objectives)
            if GOODPUT in item.sources
        ]
    except InputError as error:
        yield from error.diagnostics
    try:
        about += [
            (item.source, CONSTRAINTS)
            for item in compile_constraints(wanted.constraints)
            if GOODPUT in item.program.variables()
        ]
    except InputError as error:
        yield from error.diagnostics
    if about and not has_targets(config.slo):
        what, path = about[0]
        yield diagnostic(
            "AT150",
            f"`{what}` counts the requests that met the SLO, and the slo group has no target: no load will have a goodput",
            path=path,
            help="say what a good request is, for instance slo.ttft.p95.threshold=500 slo.tpot.mean.threshold=50 (in ms)",
        )
    for name in wanted.weights:
        if name not in wanted.objectives:
            yield diagnostic(
                "AT151",
                f"optimization.weights has {name}, which is none of the objectives: it weighs nothing",
                path=f"optimization.weights.{name}",
                help=suggest(name, wanted.objectives),
            )
