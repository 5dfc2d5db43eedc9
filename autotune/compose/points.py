"""From what was said to the inputs of the compiler: one plain, composed config a point."""

from __future__ import annotations

import functools
import itertools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.compose.settings import Assign, Choose, HydraOnly, Path, UseProfiles
from autotune.diagnostics import Diagnostic, InputError, Writer
from autotune.layers import copy_tree, flatten, get_path, set_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from autotune.compose.base import Composer
    from autotune.compose.settings import Alternative, Dimension, Setting


@dataclass(frozen=True, slots=True)
class PointInput:
    """One point before layers. `overrides` is everything said about it, `swept` the part that differs between points.

    `origin` and `pinned` map dotted paths to writers; no layer may write a pinned path.
    """

    overrides: tuple[str, ...]
    swept: tuple[str, ...]
    profiles: tuple[str, ...]
    data: Mapping[str, Any]
    origin: Mapping[str, Writer]
    pinned: Mapping[str, Writer]
    profile_writer: Writer | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """Points of a sweep that are alike but for the values that some dimensions lay on: `data`, `origin` and `pinned` are what
    they share, `paths` the paths that each of those dimensions writes, the same for all of its alternatives.
    """

    data: Mapping[str, Any]
    origin: Mapping[str, Writer]
    pinned: Mapping[str, Writer]
    paths: tuple[tuple[Path, ...], ...]


class FamilyPoint(NamedTuple):
    """One point of a family: `place` has the number of the alternative taken in each dimension, `laid` what those assign."""

    overrides: tuple[str, ...]
    swept: tuple[str, ...]
    profiles: tuple[str, ...]
    family: Family
    place: tuple[int, ...]
    laid: tuple[Assign, ...]
    profile_writer: Writer | None = None

    def alone(self) -> PointInput:
        """The same point as one that shares nothing."""
        data, origin, pinned = copy_tree(self.family.data), dict(self.family.origin), dict(self.family.pinned)
        for setting in self.laid:
            _assign(data, setting, origin, pinned)
        return PointInput(self.overrides, self.swept, self.profiles, data, origin, pinned, self.profile_writer)


def compose_points(dimensions: Iterable[Dimension], composer: Composer) -> Iterator[PointInput]:
    """Every point, composed. Hydra is asked once for each distinct choice of groups; values are laid on as data.

    Raises InputError (AT026, AT004) for choices that do not exist, all of them at once.
    """
    for point in compose_sweep(dimensions, composer):
        yield point if isinstance(point, PointInput) else point.alone()


def compose_sweep(dimensions: Iterable[Dimension], composer: Composer) -> Iterator[PointInput | FamilyPoint]:
    """The points of `compose_points`, those that only values tell apart as points of a family."""
    parts = list(dimensions)
    _check_choices(parts, composer)
    laid = _laid(parts)
    paths = tuple(_paths(parts[index].alternatives[0]) for index in laid)
    families: dict[tuple[int, ...], tuple[Family, PointInput]] = {}
    for start, last in _product([_sayings(part, is_laid=index in laid) for index, part in enumerate(parts)]):
        for said in last:
            overrides, swept = start.overrides + said.overrides, start.swept + said.swept
            if not laid:
                yield _compose(start.fixed + said.fixed, overrides, swept, composer)
                continue
            chosen = start.chosen + said.chosen
            found = families.get(chosen)
            if found is None:
                base = _compose(start.fixed + said.fixed, (), (), composer)
                found = families[chosen] = (Family(base.data, base.origin, base.pinned, paths), base)
            family, base = found
            place, settings = start.place + said.place, start.laid + said.laid
            parts_of_it = (overrides, swept, base.profiles, family, place, settings, base.profile_writer)
            yield tuple.__new__(FamilyPoint, parts_of_it)  # its own constructor takes twice as long


class _Said(NamedTuple):
    """What is said by one alternative of a dimension, or by one of each. `chosen` and `fixed` are the number and the settings of
    a dimension that is composed, `place` and `laid` those of one that is laid on.
    """

    overrides: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()
    chosen: tuple[int, ...] = ()
    fixed: tuple[Setting, ...] = ()
    place: tuple[int, ...] = ()
    laid: tuple[Any, ...] = ()


def _sayings(part: Dimension, *, is_laid: bool) -> list[_Said]:
    sayings = []
    for number, alternative in enumerate(part.alternatives):
        texts = tuple(setting.text for setting in alternative)
        swept = texts if part.swept else ()
        if is_laid:
            sayings.append(_Said(texts, swept, place=(number,), laid=alternative))
        else:
            sayings.append(_Said(texts, swept, chosen=(number,), fixed=alternative))
    return sayings


def _product(sayings: Sequence[Sequence[_Said]]) -> Iterator[tuple[_Said, Sequence[_Said]]]:
    """What one alternative of each dimension but the last says, and what each of the last may add to it."""
    *before, last = [[_Said()], *sayings]
    while before and len(last) == 1:
        last = [_join(said, last[0]) for said in before.pop()]
    for chosen in itertools.product(*before):
        yield functools.reduce(_join, chosen, _Said()), last


def _join(one: _Said, other: _Said) -> _Said:
    return _Said(*map(operator.add, one, other))


def _compose(
    settings: tuple[Setting, ...], overrides: tuple[str, ...], swept: tuple[str, ...], composer: Composer
) -> PointInput:
    base = composer.compose(settings)
    data = copy_tree(base.data)
    origin = dict(base.origin)
    pinned = dict(base.pinned)
    by_hydra = any(isinstance(setting, HydraOnly) for setting in settings)
    for setting in settings:
        if isinstance(setting, Assign):
            # What Hydra composed already holds the values; only who wrote them is noted.
            _assign({} if by_hydra else data, setting, origin, pinned)
        elif isinstance(setting, HydraOnly) and "=" in setting.text:
            dotted = setting.text.lstrip("+").partition("=")[0]
            origin[dotted] = pinned[dotted] = setting.writer
    return PointInput(
        overrides=overrides,
        swept=swept,
        profiles=tuple(
            dict.fromkeys(name for setting in settings if isinstance(setting, UseProfiles) for name in setting.names)
        ),
        data=data,
        origin=origin,
        pinned=pinned,
        profile_writer=next((setting.writer for setting in settings if isinstance(setting, UseProfiles)), None),
    )


def _laid(dimensions: Sequence[Dimension]) -> tuple[int, ...]:
    """The dimensions whose values can be laid on last, in any order: each of their alternatives assigns the same paths, no
    map among the values, and nothing else that was said touches what lies on, above or below those paths.
    """
    if any(isinstance(s, HydraOnly) for part in dimensions for alternative in part.alternatives for s in alternative):
        return ()
    written = [
        {setting.path for alternative in part.alternatives for setting in alternative if isinstance(setting, Assign)}
        for part in dimensions
    ]
    found = []
    for index, part in enumerate(dimensions):
        if len(part.alternatives) < 2 or not all(map(_is_plain, part.alternatives)):
            continue
        paths = _paths(part.alternatives[0])
        if len({_paths(alternative) for alternative in part.alternatives}) > 1 or len(set(paths)) < len(paths):
            continue
        others = [path for other, theirs in enumerate(written) if other != index for path in theirs]
        inner = [other for path in paths for other in paths if other is not path]
        if not any(_touch(path, other) for path in paths for other in (*others, *inner)):
            found.append(index)
    return tuple(found)


def _is_plain(alternative: Alternative) -> bool:
    return bool(alternative) and all(isinstance(s, Assign) and not isinstance(s.value, dict) for s in alternative)


def _paths(alternative: Alternative) -> tuple[Path, ...]:
    return tuple(setting.path for setting in alternative if isinstance(setting, Assign))


def _touch(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _check_choices(dimensions: Iterable[Dimension], composer: Composer) -> None:
    found: list[Diagnostic] = []
    settings: dict[str, Setting] = {
        setting.text: setting
        for dimension in dimensions
        for alternative in dimension.alternatives
        for setting in alternative
        if isinstance(setting, Choose)
    }
    for setting in settings.values():
        try:
            composer.compose((setting,))
        except InputError as error:
            found += error.diagnostics
    if found:
        raise InputError(*found)


def _assign(data: dict[str, Any], setting: Assign, origin: dict[str, Writer], pinned: dict[str, Writer]) -> None:
    """Write as Hydra does: a map is merged into a map, anything else replaces what is there."""
    if isinstance(setting.value, dict) and setting.value and isinstance(get_path(data, setting.path), dict | None):
        leaves = list(flatten(setting.value, setting.path))
    else:
        leaves = [(setting.path, setting.value)]
    for path, value in leaves:
        dotted = ".".join(path)
        for below in [known for known in origin if known.startswith(f"{dotted}.")]:
            del origin[below]
        set_path(data, path, copy_tree(value))
        origin[dotted] = pinned[dotted] = setting.writer
