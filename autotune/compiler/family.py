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
from autotune.compiler.provenance import annotate, provenance_notes
from autotune.diagnostics import InputError, has_errors
from autotune.layers import get_path, set_path, split_path
from autotune.schema import SERVING_GROUPS
from autotune.schema.config import hash_text, join_entries
from autotune.schema.watched import Kept, Watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autotune.compiler.family_parts import Whole
    from autotune.compiler.world import World
    from autotune.compose.points import Family, FamilyPoint
    from autotune.diagnostics import Diagnostic, Writer
    from autotune.engines.deployment import PlannedLoad
    from autotune.engines.engine import Facts
    from autotune.layers import Layer
    from autotune.schema import Config

_SERVING = sorted(SERVING_GROUPS)
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
        key = groups.pick_facts(place)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find_facts(point)
        laid = self._choice.find(known, point)
        whole = groups.whole(laid.shared, known, point)
        server, of_load, config, glanced = whole
        if config.system.serving_mode != "agg":
            raise OutOfTheOrdinaryError
        served = server.always
        if served is None:
            served = server.served.get(place, self._serve, point, known, laid, whole)
            if server.served.constant:
                server.always = served
        assert served is not None
        data, identity = server.data_and_id(laid.shared, of_load)
        loads = (laid.loads.get(place, self._load, config),)
        found = self._found(point, known, laid, served, glanced)
        fields = {
            "id": identity,
            "overrides": point.overrides,
            "profiles": point.profiles,
            "data": data,
            "config": config,
            "facts": known.facts,
            "applied_layers": laid.ids,
            "diagnostics": tuple([item.of_point(identity) for item in found]),
            "swept": point.swept,
            "server": served.deployment.name,
            "loads": loads,
            "runnable": not (served.refused if found is served.in_all else has_errors(found)),
        }
        late = partial(
            _late, point, groups.layers, known.facts, known.written, laid.origin, laid.free, served, identity, loads
        )
        return CompiledPoint.with_late(fields, late)

    def _found(
        self, point: FamilyPoint, known: Known, laid: Laid, served: Served, glanced: Any
    ) -> Iterable[Diagnostic]:
        """All findings, in the order of `compile_point`."""
        found = served.found
        if laid.of_load:
            for number, check in laid.of_load:
                answer = [*check(glanced, known.facts)]
                if answer:
                    found = [*found, (number, _placed(answer, laid, point, []))]
            if found is served.found:
                return served.in_all
            found = sorted(found, key=itemgetter(0))
        return [*laid.notes, *[item for _, items in found for item in items], *served.lowered]

    def _serve(self, reads: list[int], point: FamilyPoint, known: Known, laid: Laid, whole: Whole) -> Served:
        """What rests on the server alone: its flags, who set them, and what checks say of it; and what of the load is read on
        the way, if anything is.
        """
        noted: list[int] = []
        served = self._find_served(noted, point, known, laid, whole)
        reads += [number for number in noted if number not in self._groups.serving]
        return served

    def _find_served(self, reads: list[int], point: FamilyPoint, known: Known, laid: Laid, whole: Whole) -> Served:
        server, _, config, _ = whole
        place, facts, states = point.place, known.facts, server.states
        if laid.of_server is None:
            self._sort(place, known, laid, config)
            assert laid.of_server is not None
        glanced = self._groups.glance_server(laid.shared, whole, place, reads)
        found: list[tuple[int, Sequence[Diagnostic]]] = []
        for number, check, kept in laid.of_server:
            if kept is None:
                answer = [*check(glanced, facts)]
            else:
                answer = kept.get_noted(place, reads, self._check, check, config, facts, (laid.shared.answers, place))
            if answer:
                found.append((number, _placed(answer, laid, point, reads)))
        if laid.lowered is None:
            lowered = self._world.engines[facts.engine].lower(glanced, facts)
        else:
            lowered = laid.lowered.get_noted(place, reads, self._lower, config, facts, (laid.shared.answers, place))
        self._groups.kept += 1
        notes = [item.at(_writer(item, laid, point, reads)) for item in lowered.diagnostics]
        in_all = [*laid.notes, *[item for _, items in found for item in items], *notes]
        return Served(
            found,
            notes,
            in_all,
            has_errors(in_all),
            lowered.deployment,
            provenance_notes(
                hash_text(join_entries([states[group].entry for group in _SERVING])),
                laid.set_by(point, states),
                point.profiles,
                laid.ids,
            ),
        )

    def _sort(self, place: Place, known: Known, laid: Laid, config: Config) -> None:
        """Tell checks apart by what they read. Those that found nothing and read nothing that varies never will find anything."""
        serving, facts, answers = {*self._groups.serving}, known.facts, (laid.shared.answers, place)
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


def _late(  # noqa: PLR0917 - no more than is needed, for as long as the point is kept
    point: FamilyPoint,
    layers: Sequence[Layer],
    facts: Facts,
    written: Sequence[tuple[Any, Any, Writer]],
    origin: dict[str, Writer],
    free: dict[str, int],
    served: Served,
    identity: str,
    loads: tuple[PlannedLoad, ...],
) -> dict[str, Any]:
    """The fields of a point that few ask for."""
    return {
        "deployment": annotate(served.deployment, identity, served.notes, loads),
        "origin": origin | {dotted: point.laid[number].writer for dotted, number in free.items()},
        "record": partial(relay, point, layers, facts, written),
    }


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
