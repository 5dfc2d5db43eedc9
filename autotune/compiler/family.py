"""Compiling points that differ in a few values alone: what they share is found once, and what depends on some of the values
once for each combination of those.

Nothing here decides what a point compiles to: the parts are those of `compile_point`, and a property test holds the two
against each other. Points that are out of the ordinary (mistakes in the config, engines to choose from, disaggregated
serving) are left to it.
"""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from autotune.check.run import CHECKS, is_reported
from autotune.compiled import CompiledPoint
from autotune.compiler.derive import engine_names, resolve_facts
from autotune.compiler.family_groups import OF_FACTS, Groups
from autotune.compiler.family_layers import LayerChoice, relay
from autotune.compiler.family_parts import Known, Laid, OutOfTheOrdinaryError, Place, Served
from autotune.compiler.load import plan_load
from autotune.compiler.provenance import annotate, config_hash, provenance_notes
from autotune.diagnostics import InputError
from autotune.layers import get_path, set_path, split_path
from autotune.schema import SERVING_GROUPS
from autotune.schema.watched import Glanced, Kept, Watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.compiler.family_parts import Group
    from autotune.compiler.world import World
    from autotune.compose.points import Family, FamilyPoint
    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.layers import Layer
    from autotune.schema import Config

#: Answers kept at most, so that memory does not grow with the sweep.
_MOST_KEPT = 20_000


class FamilyCompiler:
    """Compiles the points of one family under the same layers. Not for several threads."""

    def __init__(self, family: Family, layers: Sequence[Layer], world: World) -> None:
        self._groups = Groups(family, layers)
        self._choice = LayerChoice(self._groups)
        self._world = world
        self._known: dict[Place, Known] = {}

    def compile(self, point: FamilyPoint) -> CompiledPoint:
        """The point, as `compile_point` compiles it. Raises OutOfTheOrdinaryError for one that is left to that."""
        groups = self._groups
        if groups.odd:
            raise OutOfTheOrdinaryError
        if groups.kept > _MOST_KEPT:
            self._known.clear()
            groups.kept = 0
        place = point.place
        key = tuple([place[number] for number in groups.of_facts])
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find_facts(point)
        laid = self._choice.find(known, point)
        states, config = groups.config(laid.shared, known, point)
        if config.system.serving_mode != "agg":
            raise OutOfTheOrdinaryError
        served: Served = laid.served.get(place, self._serve, point, known, laid, states, config)
        identity = laid.shared.id_of(states)
        data = laid.shared.data.copy()
        for group, _, _ in laid.shared.varied:
            data[group] = states[group].data
        found = self._found(point, known, laid, served, config)
        origin = laid.origin.copy()
        for dotted, number in laid.free.items():
            origin[dotted] = point.laid[number].writer
        loads = laid.loads.get(place, self._load, config)
        return CompiledPoint(
            id=identity,
            overrides=point.overrides,
            profiles=point.profiles,
            data=data,
            config=config,
            facts=known.facts,
            deployment=annotate(served.deployment, identity, served.notes, (loads,)),
            applied_layers=laid.ids,
            origin=origin,
            diagnostics=tuple([item.of_point(identity) for item in found]),
            swept=point.swept,
            record=partial(relay, point, groups.layers, known.facts, known.written),
        )

    def _found(self, point: FamilyPoint, known: Known, laid: Laid, served: Served, config: Config) -> list[Diagnostic]:
        """All findings, in the order of `compile_point`."""
        found = served.found
        if laid.of_load:
            glanced: Any = Glanced(config, self._groups.varied, laid.answers, point.place)
            for number, check in laid.of_load:
                answer = [*check(glanced, known.facts)]
                if answer:
                    found = [*found, (number, _placed(answer, laid, point, []))]
            if found is not served.found:
                found = sorted(found, key=itemgetter(0))
        return [*laid.notes, *[item for _, items in found for item in items], *served.lowered]

    def _serve(  # noqa: PLR0917 - what the answer rests on
        self, reads: list[int], point: FamilyPoint, known: Known, laid: Laid, states: dict[str, Group], config: Config
    ) -> Served:
        """What rests on the server alone: its flags, who set them, and what checks say of it."""
        place, facts = point.place, known.facts
        reads += self._groups.serving  # first, since what is computed without notes decides what is read after it
        if laid.of_server is None:
            self._sort(place, known, laid, config)
            assert laid.of_server is not None
        glanced: Any = Glanced(config, self._groups.varied, laid.answers, place)
        found: list[tuple[int, Sequence[Diagnostic]]] = []
        for number, check, kept in laid.of_server:
            if kept is None:
                answer = [*check(glanced, facts)]
            else:
                answer = kept.get_noted(place, reads, self._check, check, config, facts, (laid.answers, place))
            if answer:
                found.append((number, _placed(answer, laid, point, reads)))
        if laid.lowered is None:
            lowered = self._world.engines[facts.engine].lower(glanced, facts)
        else:
            lowered = laid.lowered.get_noted(place, reads, self._lower, config, facts, (laid.answers, place))
        texts = {group: states[group].text for group in SERVING_GROUPS}
        self._groups.kept += 1
        return Served(
            found,
            [item.at(_writer(item, laid, point, reads)) for item in lowered.diagnostics],
            lowered.deployment,
            provenance_notes(config_hash(texts), laid.set_by(point, states), point.profiles, laid.ids),
        )

    def _sort(self, place: Place, known: Known, laid: Laid, config: Config) -> None:
        """Tell checks apart by what they read. Those that found nothing and read nothing that varies never will find anything."""
        serving, facts, answers = {*self._groups.serving}, known.facts, (laid.answers, place)
        laid.of_server = []
        for number, check in enumerate(CHECKS):
            kept = Kept()
            noted: list[int] = []
            answer = kept.get_noted(place, noted, self._check, check, config, facts, answers)
            if not {*noted} <= serving:
                laid.of_load.append((number, check))
            elif noted or answer:
                laid.of_server.append((number, check, None if {*noted} == serving else kept))
        noted = []
        assert laid.lowered is not None
        laid.lowered.get_noted(place, noted, self._lower, config, facts, answers)
        if {*noted} == serving:
            laid.lowered = None

    def _check(
        self, reads: list[int], check: Any, config: Config, facts: Facts, answers: Any
    ) -> tuple[Diagnostic, ...]:
        self._groups.kept += 1
        return tuple(check(Watched(config, self._groups.varied, reads, answers), facts))

    def _lower(self, reads: list[int], config: Config, facts: Facts, answers: Any) -> Any:
        self._groups.kept += 1
        watched: Any = Watched(config, self._groups.varied, reads, answers)
        return self._world.engines[facts.engine].lower(watched, facts)

    def _load(self, reads: list[int], config: Config) -> Any:
        self._groups.kept += 1
        return plan_load(Watched(config, self._groups.varied, reads))  # type: ignore[arg-type]

    def _find_facts(self, point: FamilyPoint) -> Known:
        alone = point.alone()
        data = {group: alone.data[group] for group in OF_FACTS if group in alone.data}
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


def _placed(answer: Iterable[Diagnostic], laid: Laid, point: FamilyPoint, reads: list[int]) -> list[Diagnostic]:
    return [item for item in (item.at(_writer(item, laid, point, reads)) for item in answer) if is_reported(item)]


def _writer(item: Diagnostic, laid: Laid, point: FamilyPoint, reads: list[int]) -> Any:
    """Who wrote what a finding is about; one of a value that varies rests on that value."""
    path = item.path or ""
    number = laid.free.get(path)
    if number is None:
        return laid.origin.get(path)
    reads.append(number)
    return point.laid[number].writer
