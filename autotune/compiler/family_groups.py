"""The groups of a family's points: each validated once for the values that are laid on it and the layers that write to it."""

from __future__ import annotations

import functools
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError, create_model

from autotune.compiler.family_parts import Group, OutOfTheOrdinaryError, ServerGroups, Shared, Whole
from autotune.layers import copy_tree, set_path
from autotune.schema import SERVING_GROUPS, Config
from autotune.schema.watched import Glanced, varied_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.compiler.family_parts import Known, Pick, Place
    from autotune.compose.points import Family, FamilyPoint
    from autotune.layers import Layer

#: The groups that facts rest on (`resolve_facts` is given no others).
OF_FACTS = ("model", "system")


class Groups:
    """What dimensions and layers write to each group, and the groups of points.

    `kept` counts what has been found and is kept since it was last set to 0.
    """

    def __init__(self, family: Family, layers: Sequence[Layer]) -> None:
        self.family = family
        self.layers = tuple(layers)
        self.varied = varied_fields(family.paths)
        self.kept = 0
        dotted = [[".".join(path) for path in written] for written in family.paths]
        self._pinned = {*family.pinned, *(name for names in dotted for name in names)}
        self.touching: dict[str, Place] = {
            group: tuple(number for number, written in enumerate(family.paths) if any(path[0] == group for path in written))
            for group in Config.model_fields
        }  # fmt: skip
        self._writing = {
            group: tuple(index for index, layer in enumerate(layers) if any(path[0] == group for path, _, _ in layer.writes))
            for group in Config.model_fields
        }  # fmt: skip
        #: Whether something is said that is no group of a config.
        self.odd = bool(
            {*family.data, *(path[0] for written in family.paths for path in written)} - {*Config.model_fields}
        )
        #: The dimensions that facts rest on, and those that the server does.
        self.of_facts = _numbers(self.touching, OF_FACTS)
        self.serving = _numbers(self.touching, SERVING_GROUPS)
        self._set = frozenset(group for group in Config.model_fields if group in family.data)
        self.pick_facts = _pick(self.of_facts)
        self.pick_server = _pick(self.serving)
        self._of_server = frozenset(self.serving)
        self._latest: tuple[Shared, Place, Whole] | None = None

    def shared(self, known: Known, point: FamilyPoint, applied: Place) -> Shared:
        """The groups after these layers: those that no dimension writes to, and where the others are kept."""
        shared = known.shared.get(applied)
        if shared is None:
            fixed = {
                group: None if own else self.group(group, known, point, applied) for group, own in self.touching.items()
            }
            varied = [
                (group, _pick(own), known.groups.setdefault((group, self._in(group, applied)), {}))
                for group, own in self.touching.items()
                if own
            ]
            whose = [{*self.touching[group]} <= {*self.serving} for group, _, _ in varied]
            shared = known.shared[applied] = Shared(
                applied,
                fixed,
                of_server=[item for item, is_server in zip(varied, whose, strict=True) if is_server],
                of_load=[item for item, is_server in zip(varied, whose, strict=True) if not is_server],
            )
        return shared

    def whole(self, shared: Shared, known: Known, point: FamilyPoint) -> Whole:
        """All groups of a point after the layers of `shared`, and the config that they make."""
        latest, place = self._latest, point.place
        if latest is not None and latest[0] is shared and latest[1] is place:
            return latest[2]
        number = self.pick_server(place)
        server = shared.servers.get(number)
        if server is None:
            self.kept += 1
            states = {
                group: self._state(group, pick, kept, known, point, shared.applied)
                for group, pick, kept in shared.of_server
            }
            server = shared.servers[number] = ServerGroups(shared, states)
        models = server.models.copy()
        of_load = []
        for group, pick, kept in shared.of_load:
            state = kept.get(pick(place)) or self._state(group, pick, kept, known, point, shared.applied)
            models[group] = state.model
            of_load.append((group, state))
        config = _config(models, self._set)
        glanced = Glanced(config, models, self.varied, [], (shared.answers, place), (self._of_server, server.answers))
        whole = (server, of_load, config, glanced)
        self._latest = (shared, place, whole)
        return whole

    def glance_server(self, shared: Shared, whole: Whole, place: Place, reads: list[int]) -> Any:
        """The config for an answer about all points of the server. What it reads beside the server is appended to `reads`."""
        server, _, config, _ = whole
        fields = {group: model for group, model in server.models.items() if model is not None}
        known = (self._of_server, server.answers)
        return Glanced(config, fields, self.varied, reads, (shared.answers, place), known)

    def group(self, group: str, known: Known, point: FamilyPoint, applied: Place) -> Group:
        """One group of a point after these layers."""
        kept = known.groups.setdefault((group, self._in(group, applied)), {})
        return self._state(group, _pick(self.touching[group]), kept, known, point, applied)

    def _state(  # noqa: PLR0917 - what the group rests on
        self, group: str, pick: Pick, kept: dict[Any, Group], known: Known, point: FamilyPoint, applied: Place
    ) -> Group:
        own = pick(point.place)
        if own not in kept:
            kept[own] = self._find(group, point, known, applied)
        return kept[own]

    def _in(self, group: str, applied: Place) -> Place:
        """Those of the layers that write to the group."""
        writing = self._writing[group]
        return tuple([index for index in applied if index in writing]) if writing else ()

    def _find(self, group: str, point: FamilyPoint, known: Known, applied: Place) -> Group:
        """Raises OutOfTheOrdinaryError where something is wrong with the group."""
        self.kept += 1
        base = self.family.data
        data: dict[str, Any] = {group: copy_tree(base[group])} if group in base else {}
        writes = [(setting.path, copy_tree(setting.value)) for setting in point.laid]
        writes += [(path, value) for path, value, _ in known.written]
        writes += [
            (path, value)
            for index in applied
            for path, value, _ in self.layers[index].writes
            if ".".join(path) not in self._pinned
        ]
        for path, value in writes:
            if path[0] == group:
                set_path(data, path, value)
        try:
            model = _validate(group, data)
        except ValidationError:
            raise OutOfTheOrdinaryError from None
        return Group(group, data.get(group), model)


def _config(models: dict[str, Any], given: frozenset[str]) -> Config:
    """A config of groups that are validated already."""
    config = Config.__new__(Config)
    object.__setattr__(config, "__dict__", models)
    object.__setattr__(config, "__pydantic_fields_set__", set(given))
    object.__setattr__(config, "__pydantic_extra__", None)
    object.__setattr__(config, "__pydantic_private__", None)
    return config


def _pick(numbers: Place) -> Pick:
    """Takes the alternatives of these dimensions out of a place."""
    return itemgetter(*numbers) if numbers else lambda _: ()


def _numbers(touching: Mapping[str, Place], groups: Iterable[str]) -> Place:
    return tuple(sorted({number for group in groups for number in touching[group]}))


def _validate(group: str, data: dict[str, Any]) -> Any:
    """One group of a config, as the whole would have it. Raises ValidationError."""
    info = Config.model_fields[group]
    kind = info.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel) and not info.metadata and group in data:
        return kind.model_validate(data[group])
    return getattr(_only(group).model_validate(data), group)


@functools.cache
def _only(group: str) -> type[BaseModel]:
    """A config of one group, so that the others need not be validated again."""
    info = Config.model_fields[group]
    return create_model(f"Only{group.title()}", __base__=Config.__base__, **{group: (info.annotation, info)})  # type: ignore[call-overload,no-any-return]
