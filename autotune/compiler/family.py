"""Compiling points that differ in a few values alone: what they share is found once, and what depends on some of the values
once for each combination of those.

Nothing here decides what a point compiles to: the parts are those of `compile_point`, and a property test holds the two
against each other. Points that are out of the ordinary (mistakes in the config, engines to choose from, disaggregated
serving) are left to it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError, create_model

from autotune.check.run import is_reported
from autotune.compiled import CompiledPoint
from autotune.compiler.derive import engine_names, resolve_facts
from autotune.compiler.family_parts import Group, Known, Laid, Place, Shared
from autotune.compiler.fit import fit_of
from autotune.compiler.layering import condition_scope, lay
from autotune.compiler.load import plan_load
from autotune.compiler.point_id import point_id
from autotune.compiler.provenance import annotate, config_hash, provenance_notes
from autotune.diagnostics import InputError
from autotune.layers import copy_tree, get_path, set_path, split_path
from autotune.layers.condition import ConditionError
from autotune.schema import SERVING_GROUPS, Config
from autotune.schema.watched import Kept, Watched, reading, varied_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.compiler.world import World
    from autotune.compose.points import Family, FamilyPoint
    from autotune.diagnostics import Diagnostic, Writer
    from autotune.engines.deployment import Deployment
    from autotune.engines.engine import Facts
    from autotune.layers import Layer, Layered
    from autotune.layers.condition import Condition

#: The groups that facts rest on (`resolve_facts` is given no others).
_OF_FACTS = ("model", "system")
#: Answers kept at most, so that memory does not grow with the sweep.
_MOST_KEPT = 20_000


class OutOfTheOrdinaryError(Exception):
    """For a point that is left to `compile_point`."""


class FamilyCompiler:
    """Compiles the points of one family under the same layers. Not for several threads."""

    def __init__(self, family: Family, layers: Sequence[Layer], world: World) -> None:
        self._family = family
        self._layers = tuple(layers)
        self._world = world
        self._varied = varied_fields(family.paths)
        dotted = [[".".join(path) for path in written] for written in family.paths]
        self._pinned = {*family.pinned, *(name for names in dotted for name in names)}
        self._touching = {
            group: tuple(number for number, written in enumerate(family.paths) if any(path[0] == group for path in written))
            for group in Config.model_fields
        }  # fmt: skip
        self._writing = {
            group: tuple(index for index, layer in enumerate(layers) if any(path[0] == group for path, _, _ in layer.writes))
            for group in Config.model_fields
        }  # fmt: skip
        self._odd = bool(
            {*family.data, *(path[0] for written in family.paths for path in written)} - {*Config.model_fields}
        )
        self._of_facts = _numbers(self._touching, _OF_FACTS)
        self._conditions: dict[str, tuple[list[tuple[str, tuple[str, ...]]], list[int]]] = {}
        self._known: dict[Place, Known] = {}
        self._kept = 0

    def compile(self, point: FamilyPoint) -> CompiledPoint:
        """The point, as `compile_point` compiles it. Raises OutOfTheOrdinaryError for one that is left to that."""
        if self._odd:
            raise OutOfTheOrdinaryError
        if self._kept > _MOST_KEPT:
            self._known.clear()
            self._kept = 0
        place = point.place
        key = tuple([place[number] for number in self._of_facts])
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find_facts(point)
        laid = self._find_laid(known, point)
        states = self._states(laid.shared, known, point)
        config = _config({group: states[group].model for group in Config.model_fields}, self._family.data)
        if config.system.serving_mode != "agg":
            raise OutOfTheOrdinaryError
        return self._finish(point, known, laid, states, config)

    def _finish(
        self, point: FamilyPoint, known: Known, laid: Laid, states: dict[str, Group], config: Config
    ) -> CompiledPoint:
        place = point.place
        answers = (laid.answers, place)
        origin = laid.origin.copy()
        for dotted, number in laid.free:
            origin[dotted] = point.laid[number].writer
        found = [*known.notes, *laid.diagnostics]
        for check, kept in laid.checks:
            answer = kept.get(place, self._check, check, config, known.facts, answers)
            if answer:
                found += [
                    item for item in (item.at(origin.get(item.path or "")) for item in answer) if is_reported(item)
                ]
        laid.settle()
        lowered = laid.lowered.get(place, self._lower, config, known.facts, answers)
        found += [item.at(origin.get(item.path or "")) for item in lowered.diagnostics]
        identity = point_id({group: state.text for group, state in states.items()}, laid.benchmark_text(states))
        served = tuple([place[number] for number in laid.serving])
        notes = laid.notes.get(served)
        if notes is None:
            self._kept += 1
            texts = {group: states[group].text for group in SERVING_GROUPS}
            notes = laid.notes[served] = provenance_notes(
                config_hash(texts), laid.set_by(point, states), point.profiles, laid.ids
            )
        loads = laid.loads.get(place, self._load, config)
        deployment: Deployment = annotate(lowered.deployment, identity, notes, (loads,))
        return CompiledPoint(
            id=identity,
            overrides=point.overrides,
            profiles=point.profiles,
            data={group: states[group].data for group in Config.model_fields},
            config=config,
            facts=known.facts,
            deployment=deployment,
            applied_layers=laid.ids,
            origin=origin,
            diagnostics=tuple([replace(item, point=identity) for item in found]),
            swept=point.swept,
            record=partial(_relay, point, self._layers, known.facts, known.written),
        )

    def _check(
        self, reads: list[int], check: Any, config: Config, facts: Facts, answers: Any
    ) -> tuple[Diagnostic, ...]:
        self._kept += 1
        return tuple(check(Watched(config, self._varied, reads, answers), facts))

    def _lower(self, reads: list[int], config: Config, facts: Facts, answers: Any) -> Any:
        self._kept += 1
        return self._world.engines[facts.engine].lower(Watched(config, self._varied, reads, answers), facts)  # type: ignore[arg-type]

    def _load(self, reads: list[int], config: Config) -> Any:
        self._kept += 1
        return plan_load(Watched(config, self._varied, reads))  # type: ignore[arg-type]

    def _find_facts(self, point: FamilyPoint) -> Known:
        alone = point.alone()
        data = {group: alone.data[group] for group in _OF_FACTS if group in alone.data}
        engines = engine_names(data)
        if len(engines) != 1:
            raise OutOfTheOrdinaryError
        try:
            facts, written, notes = resolve_facts(data, alone.origin, self._world, engines[0])
        except InputError:
            raise OutOfTheOrdinaryError from None
        writes = [(split_path(dotted), value, writer) for dotted, (value, writer) in written.items()]
        for path, value, _ in writes:
            set_path(data, path, value)
        return Known(facts, writes, notes, get_path(data, ("system", "num_gpus")))

    def _find_laid(self, known: Known, point: FamilyPoint) -> Laid:
        """What the layers that hold for this point make of the family."""
        applied: Place = ()
        for index, layer in enumerate(self._layers):
            if layer.when is not None:
                kept = known.conditions.get((index, applied))
                if kept is None:
                    kept = known.conditions[index, applied] = Kept()
                if not kept.get(point.place, self._holds, known, point, layer, applied):
                    continue
            applied = (*applied, index)
        laid = known.laid.get(applied)
        if laid is None:
            laid = known.laid[applied] = self._lay(known, point, applied)
        return laid

    def _holds(self, reads: list[int], known: Known, point: FamilyPoint, layer: Layer, applied: Place) -> bool:
        """Whether the condition of a layer holds after these. Evaluated once for the values that it reads."""
        self._kept += 1
        assert layer.when is not None
        asked, numbers = self._asked(layer.when)
        reads += numbers
        values = []
        fit: dict[str, Any] = {}
        for root, rest in asked:
            if root == "fit" and rest:
                fit = fit or self._fit(known, point, applied, reads)
                value = fit.get(rest[0])
            else:
                value = get_path(self._kept_group(root, known, point, applied).raw, rest)
            values.append((type(value), value))
        key = (layer.id, applied, *values)
        try:
            if key not in known.outcomes:
                known.outcomes[key] = self._evaluate(known, point, layer, applied, fit)
            return known.outcomes[key]
        except TypeError:  # a list or a map among the values
            return self._evaluate(known, point, layer, applied, fit)

    def _asked(self, condition: Condition) -> tuple[list[tuple[str, tuple[str, ...]]], list[int]]:
        """What a condition reads that may differ between points, as root and path below it; and the dimensions it rests on."""
        found = self._conditions.get(condition.text)
        if found is None:
            paths = [(root, tuple(rest)) for root, *rest in (name.split(".") for name in condition.names)]
            numbers = reading(self._varied, [name for name in condition.names if not name.startswith("fit.")])
            asked = [
                (root, rest)
                for root, rest in paths
                if (root == "fit" and rest) or any(number in self._touching.get(root, ()) for number in numbers)
            ]
            found = self._conditions[condition.text] = (asked, numbers)
        return found

    def _evaluate(self, known: Known, point: FamilyPoint, layer: Layer, applied: Place, fit: dict[str, Any]) -> bool:
        assert layer.when is not None
        current = {group: self._kept_group(group, known, point, applied).raw for group in self._family.data}
        scope = condition_scope(current, layer.when.roots, known.facts, known.num_gpus, lambda *_: fit)
        try:
            return layer.when.evaluate(scope)
        except ConditionError:
            raise OutOfTheOrdinaryError from None

    def _fit(self, known: Known, point: FamilyPoint, applied: Place, reads: list[int]) -> dict[str, Any]:
        answers = known.answers.setdefault(applied, {})
        states = self._states(self._shared(known, point, applied), known, point)
        config = _config({group: state.model for group, state in states.items()}, self._family.data)
        return fit_of(Watched(config, self._varied, reads, (answers, point.place)), known.facts)  # type: ignore[arg-type]

    def _shared(self, known: Known, point: FamilyPoint, applied: Place) -> Shared:
        """The groups after these layers: those that no dimension writes to, and where the others are kept."""
        shared = known.shared.get(applied)
        if shared is None:
            fixed = {
                group: self._kept_group(group, known, point, applied)
                for group, own in self._touching.items()
                if not own
            }
            varied = [
                (group, own, known.groups.setdefault((group, self._in(group, applied)), {}))
                for group, own in self._touching.items()
                if own
            ]
            shared = known.shared[applied] = Shared(applied, fixed, varied)
        return shared

    def _states(self, shared: Shared, known: Known, point: FamilyPoint) -> dict[str, Group]:
        states = shared.fixed.copy()
        for group, numbers, kept in shared.varied:
            own = tuple([point.place[number] for number in numbers])
            state = kept.get(own)
            if state is None:
                state = kept[own] = self._group(group, point, known, shared.applied)
            states[group] = state
        return states

    def _lay(self, known: Known, point: FamilyPoint, applied: Place) -> Laid:
        layered = _relay(point, self._layers, known.facts, known.written)
        ids = tuple(self._layers[index].id for index in applied)
        if layered.applied != ids:
            raise OutOfTheOrdinaryError
        alone = point.alone()
        origin = dict(alone.origin)
        for path, _, writer in known.written:
            origin[".".join(path)] = writer
        origin |= layered.origin
        overwritten = {".".join(path) for path, _, _ in known.written} | set(layered.origin)
        free = [
            (".".join(setting.path), number)
            for number, setting in enumerate(point.laid)
            if ".".join(setting.path) not in overwritten
        ]
        return Laid(
            shared=self._shared(known, point, applied),
            ids=ids,
            diagnostics=layered.diagnostics,
            origin=origin,
            free=free,
            serving=_numbers(self._touching, SERVING_GROUPS),
            answers=known.answers.setdefault(applied, {}),
        )

    def _kept_group(self, group: str, known: Known, point: FamilyPoint, applied: Place) -> Group:
        kept = known.groups.setdefault((group, self._in(group, applied)), {})
        own = tuple([point.place[number] for number in self._touching[group]])
        if own not in kept:
            kept[own] = self._group(group, point, known, applied)
        return kept[own]

    def _in(self, group: str, applied: Place) -> Place:
        """Those of the layers that write to the group."""
        writing = self._writing[group]
        return tuple([index for index in applied if index in writing]) if writing else ()

    def _group(self, group: str, point: FamilyPoint, known: Known, applied: Place) -> Group:
        """The group as it is for this point after these layers. Raises OutOfTheOrdinaryError where something is wrong with it."""
        self._kept += 1
        base = self._family.data
        data: dict[str, Any] = {group: copy_tree(base[group])} if group in base else {}
        writes = [(setting.path, copy_tree(setting.value)) for setting in point.laid]
        writes += [(path, value) for path, value, _ in known.written]
        writes += [
            (path, value)
            for index in applied
            for path, value, _ in self._layers[index].writes
            if ".".join(path) not in self._pinned
        ]
        for path, value in writes:
            if path[0] == group:
                set_path(data, path, value)
        try:
            model = getattr(_MODELS[group].model_validate(data), group)
        except ValidationError:
            raise OutOfTheOrdinaryError from None
        return Group(data.get(group), model)


def _relay(
    point: FamilyPoint, layers: Sequence[Layer], facts: Facts, written: Sequence[tuple[Any, Any, Writer]]
) -> Layered:
    """The layers laid over the point alone, with the record of all that they wrote."""
    alone = point.alone()
    data: dict[str, Any] = dict(alone.data)
    for path, value, _ in written:
        set_path(data, path, value)
    return lay(data, layers, alone.pinned, facts)


def _config(models: dict[str, Any], data: Mapping[str, Any]) -> Config:
    """A config of groups that are validated already."""
    config = Config.__new__(Config)
    object.__setattr__(config, "__dict__", models)
    object.__setattr__(config, "__pydantic_fields_set__", {group for group in models if group in data})
    object.__setattr__(config, "__pydantic_extra__", None)
    object.__setattr__(config, "__pydantic_private__", None)
    return config


def _numbers(touching: Mapping[str, Place], groups: Iterable[str]) -> Place:
    return tuple(sorted({number for group in groups for number in touching[group]}))


_MODELS = {
    group: create_model(f"Only{group.title()}", __base__=Config.__base__, **{group: (info.annotation, info)})  # type: ignore[call-overload]
    for group, info in Config.model_fields.items()
}
