"""From what was said to the inputs of the compiler: one plain, composed config a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.compose.settings import Assign, Choose, Dimension, HydraOnly, Setting, UseProfiles, expand
from autotune.diagnostics import Diagnostic, InputError, Writer
from autotune.layers import copy_tree, flatten, get_path, set_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from autotune.compose.base import Composer


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


def compose_points(dimensions: Iterable[Dimension], composer: Composer) -> Iterator[PointInput]:
    """Every point, composed. Hydra is asked once for each distinct choice of groups; values are laid on as data.

    Raises InputError (AT026, AT004) for choices that do not exist, all of them at once.
    """
    parts = list(dimensions)
    _check_choices(parts, composer)
    for settings, swept in expand(parts):
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
        yield PointInput(
            overrides=tuple(setting.text for setting in settings),
            swept=swept,
            profiles=tuple(
                dict.fromkeys(
                    name for setting in settings if isinstance(setting, UseProfiles) for name in setting.names
                )
            ),
            data=data,
            origin=origin,
            pinned=pinned,
            profile_writer=next((setting.writer for setting in settings if isinstance(setting, UseProfiles)), None),
        )


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
