"""The compiler: one composed point in, one compiled point out. `run` never computes anything this did not show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autotune.check import run_checks
from autotune.compiled import CompiledPoint
from autotune.compiler.derive import engine_names, resolve_facts
from autotune.compiler.family import FamilyCompiler
from autotune.compiler.family_parts import OutOfTheOrdinaryError
from autotune.compiler.layering import lay
from autotune.compiler.load import plan_load
from autotune.compiler.point_id import identify
from autotune.compiler.provenance import with_provenance
from autotune.compiler.validate import repair, validate
from autotune.compose.points import FamilyPoint
from autotune.diagnostics import Diagnostic, InputError, Severity, Writer, diagnostic, unique
from autotune.engines.disagg import ROLES, lower_disaggregated, role_config
from autotune.layers import Layer, Layered, copy_tree, select_layers, set_path, split_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from autotune.compiler.world import World
    from autotune.compose.points import PointInput
    from autotune.engines.engine import Facts, Lowered
    from autotune.schema import Config

#: Findings that a value left out could cause: how much memory is needed, how many GPUs are used.
_NEED_EVERY_VALUE = frozenset({"AT016", "AT102", "AT103"})
#: Families whose shared parts are kept, so that memory does not grow with a sweep over many group options.
_FAMILIES_AT_ONCE = 64


def compile_points(points: Iterable[PointInput | FamilyPoint], world: World) -> Iterator[CompiledPoint]:
    """Compile each point of a sweep, in order. Mistakes end up in the point's diagnostics, never in an exception."""
    layers: dict[tuple[str, ...], tuple[Layer, ...] | InputError] = {}
    families: dict[tuple[int, tuple[str, ...]], FamilyCompiler] = {}
    for point in points:
        chosen = layers.get(point.profiles)
        if chosen is None:
            try:
                chosen = select_layers(point.profiles, world.profiles)
            except InputError as error:
                chosen = error
            layers[point.profiles] = chosen
        if not isinstance(point, FamilyPoint):
            yield compile_point(point, chosen, world)
            continue
        key = (id(point.family), point.profiles)  # its compiler keeps the family, so no other gets this id
        family = families.get(key)
        if family is None and not isinstance(chosen, InputError):
            if len(families) >= _FAMILIES_AT_ONCE:
                families.clear()
            family = families[key] = FamilyCompiler(point.family, chosen, world)
        yield _compile_alike(point, family) or compile_point(point.alone(), chosen, world)


def _compile_alike(point: FamilyPoint, family: FamilyCompiler | None) -> CompiledPoint | None:
    try:
        return None if family is None else family.compile(point)
    except OutOfTheOrdinaryError:
        return None


def compile_point(point: PointInput, layers: tuple[Layer, ...] | InputError, world: World) -> CompiledPoint:
    """Compile for the engine named; of a list of engines, for the first that can serve this config.

    What the engines before it could not do is kept as notes (AT204). When none can, the point has the errors of all.
    """
    engines = engine_names(point.data)
    refused: list[tuple[str, CompiledPoint]] = []
    for name in engines:
        attempt = _compile_for(name, point, layers, world)
        if attempt.runnable or len(engines) == 1:
            notes = tuple(_passed_over(engine, earlier, attempt) for engine, earlier in refused)
            return replace(attempt, diagnostics=notes + attempt.diagnostics)
        refused.append((name, attempt))
    first = refused[0][1]
    errors = [
        replace(item, message=f"{name}: {item.message}", point=first.id)
        for name, attempt in refused
        for item in attempt.diagnostics
        if item.severity is Severity.ERROR
    ]
    rest = [item for item in first.diagnostics if item.severity is not Severity.ERROR]
    return replace(first, diagnostics=tuple(unique([*rest, *errors])))


def _passed_over(engine: str, refused: CompiledPoint, taken: CompiledPoint) -> Diagnostic:
    errors = [item for item in refused.diagnostics if item.severity is Severity.ERROR]
    more = "" if len(errors) == 1 else f" (and {len(errors) - 1} more)"
    note = diagnostic(
        "AT204", f"{engine} was passed over: {errors[0].message}{more}", path="system.backend", help=errors[0].help
    )
    return replace(note, writer=errors[0].writer, point=taken.id)


def _compile_for(engine: str, point: PointInput, layers: tuple[Layer, ...] | InputError, world: World) -> CompiledPoint:
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
        facts, written, notes = resolve_facts(data, origin, world, engine)
    except InputError as error:
        found += error.diagnostics
    else:
        found += notes
        for dotted, (value, writer) in written.items():
            set_path(data, split_path(dotted), value)
            origin[dotted] = writer
    layered: Layered | None = None
    if facts is not None:
        layered = lay(data, layers, point.pinned, facts)
        data = layered.data
        origin |= layered.origin
        found += layered.diagnostics
    config, mistakes = validate(data, origin)
    found += mistakes
    deployment = None
    if config is not None:
        data = config.as_dict()
        if facts is not None and complete:
            checked, lowered = _lower(config, facts, origin, world)
            found += checked
            found += [item.at(origin.get(item.path or "")) for item in lowered.diagnostics]
            deployment = lowered.deployment
    elif facts is not None and complete and (rest := repair(data, mistakes)) is not None:
        found += [item for item in run_checks(rest, facts, origin) if item.code not in _NEED_EVERY_VALUE]
    identity = identify(data)
    if deployment is not None:
        deployment = with_provenance(
            replace(deployment, loads=() if config is None else (plan_load(config),)),
            point_id=identity,
            profiles=point.profiles,
            layers=() if layered is None else layered.applied,
            data=data,
            origin=origin,
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
        diagnostics=tuple(item.of_point(identity) for item in found),
        swept=point.swept,
        record=layered,
    )


def _lower(
    config: Config, facts: Facts, origin: Mapping[str, Writer], world: World
) -> tuple[list[Diagnostic], Lowered]:
    """Check and lower one server; with disaggregated serving, the servers of each role and their router."""
    engine = world.engines[facts.engine]
    if config.system.serving_mode == "agg":
        return run_checks(config, facts, origin), engine.lower(config, facts)
    lowered = lower_disaggregated(engine, config, facts)
    found = [item for role in ROLES for item in run_checks(role_config(config, role), facts, origin)]
    needed, there = lowered.deployment.gpus_in_all, config.system.num_gpus or facts.gpus_per_node * config.system.nodes
    if needed > there:
        found.append(
            diagnostic(
                "AT015",
                f"the prefill and decode servers need {needed} GPUs, and there are {there}",
                path="system.serving_mode",
                writer=origin.get("system.serving_mode"),
                help="lower disagg.prefill or disagg.decode, or raise system.nodes",
            )
        )
    # Idle GPUs of one role are the other's.
    return [item for item in dict.fromkeys(found) if item.code != "AT103"], lowered


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
