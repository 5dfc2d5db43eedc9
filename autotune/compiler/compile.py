"""The compiler: one composed point in, one compiled point out. `run` never computes anything this did not show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autotune.catalog import condition_variables
from autotune.check import run_checks
from autotune.compiled import CompiledPoint
from autotune.compiler.derive import resolve_facts
from autotune.compiler.validate import repair, validate
from autotune.diagnostics import Diagnostic, InputError, Severity, Writer, diagnostic
from autotune.layers import Layer, Layered, apply_layers, copy_tree, select_layers, set_path, split_path
from autotune.schema import stable_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from autotune.compiler.world import World
    from autotune.compose.points import PointInput
    from autotune.engines.engine import Facts

#: Findings that a value left out could cause: how much memory is needed, how many GPUs are used.
_NEED_EVERY_VALUE = frozenset({"AT016", "AT102", "AT103"})


def compile_points(points: Iterable[PointInput], world: World) -> Iterator[CompiledPoint]:
    """Compile each point of a sweep, in order. Mistakes end up in the point's diagnostics, never in an exception."""
    layers: dict[tuple[str, ...], tuple[Layer, ...] | InputError] = {}
    for point in points:
        if point.profiles not in layers:
            try:
                layers[point.profiles] = select_layers(point.profiles, world.profiles)
            except InputError as error:
                layers[point.profiles] = error
        yield compile_point(point, layers[point.profiles], world)


def compile_point(point: PointInput, layers: tuple[Layer, ...] | InputError, world: World) -> CompiledPoint:
    """Facts, layers, validation, checks, lowering: each step adds its findings, and all that can go on goes on."""
    found: list[Diagnostic] = []
    data: dict[str, Any] = copy_tree(point.data)
    origin: dict[str, Writer] = dict(point.origin)
    complete = not isinstance(layers, InputError)
    if isinstance(layers, InputError):
        # Without its profiles the point is not what was asked for: checking it would report what they may have mended.
        found += [item.at(point.profile_writer) for item in layers.diagnostics]
        layers = ()
    facts: Facts | None = None
    try:
        facts, written, notes = resolve_facts(data, origin, world)
    except InputError as error:
        found += error.diagnostics
    else:
        found += notes
        for dotted, (value, writer) in written.items():
            set_path(data, split_path(dotted), value)
            origin[dotted] = writer
    layered: Layered | None = None
    if facts is not None:
        layered = _layer(data, layers, point.pinned, facts)
        data = layered.data
        origin |= layered.origin
        found += layered.diagnostics
    config, mistakes = validate(data, origin)
    found += mistakes
    deployment = None
    if config is not None:
        data = config.as_dict()
        if facts is not None and complete:
            found += run_checks(config, facts, origin)
            lowered = world.engines[facts.engine].lower(config, facts)
            found += [item.at(origin.get(item.path or "")) for item in lowered.diagnostics]
            deployment = lowered.deployment
    elif facts is not None and complete and (rest := repair(data, mistakes)) is not None:
        found += [item for item in run_checks(rest, facts, origin) if item.code not in _NEED_EVERY_VALUE]
    identity = _identify(data)
    if deployment is not None:
        deployment = replace(
            deployment, annotations={**deployment.annotations, **_annotations(identity, point, layered)}
        )
    return CompiledPoint(
        id=identity,
        overrides=point.overrides,
        profiles=point.profiles,
        data=data,
        config=config,
        facts=facts,
        deployment=deployment,
        applied_layers=() if layered is None else layered.applied,
        origin=origin,
        diagnostics=tuple(replace(item, point=identity) for item in found),
        swept=point.swept,
        layered=layered,
    )


def prune(points: Iterable[CompiledPoint]) -> list[CompiledPoint]:
    """The points that can run, each config once.

    Raises InputError with every error and AT023 when none is left.
    """
    compiled = list(points)
    runnable = {point.id: point for point in compiled if point.runnable}
    if not runnable:
        errors = [item for point in compiled for item in point.diagnostics if item.severity is Severity.ERROR]
        if len(compiled) > 1:
            errors.append(
                diagnostic(
                    "AT023",
                    f"none of the {len(compiled)} points can run",
                    help="mend what the errors above have in common",
                )
            )
        raise InputError(*errors)
    return list(runnable.values())


def _layer(data: Mapping[str, Any], layers: tuple[Layer, ...], pinned: Mapping[str, Writer], facts: Facts) -> Layered:
    known = condition_variables(facts)

    def variables(current: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**current, **known, "model": {**current.get("model", {}), **known["model"]}}

    return apply_layers(data, layers, pinned, variables)


def _identify(data: Mapping[str, Any]) -> str:
    """The point's id: a hash of its config less where it runs and how it is searched for."""
    matters = {group: value for group, value in data.items() if group not in ("executor", "optimization")}
    benchmark = matters.get("benchmark")
    if isinstance(benchmark, dict):
        matters["benchmark"] = {key: value for key, value in benchmark.items() if key != "bin_dir"}
    return stable_hash(matters)


def _annotations(identity: str, point: PointInput, layered: Layered | None) -> dict[str, str]:
    """What lets anyone ask a running server which point and profiles set it up."""
    notes = {"autotune/point": identity}
    if point.profiles:
        notes["autotune/profiles"] = ",".join(point.profiles)
    if layered is not None and layered.applied:
        notes["autotune/layers"] = ",".join(layered.applied)
    return notes
