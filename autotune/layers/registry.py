"""The profile registry: which profiles there are, what they extend, which exclude each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autotune.diagnostics import Diagnostic, InputError, diagnostic, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autotune.layers.profile import Layer, Profile


@dataclass(frozen=True, slots=True)
class Entry:
    """One profile as found: where, whether it is built in, and which files of the same name it hides."""

    name: str
    file: str
    builtin: bool
    shadows: tuple[str, ...] = ()


def select_layers(names: Iterable[str], profiles: Mapping[str, Profile]) -> tuple[Layer, ...]:
    """The layers of the chosen profiles in the order they apply: what a profile extends comes before it, once.

    A layer of the same name in the extending profile replaces the one it extends.
    Raises InputError: AT006 unknown profile, AT007 a circle of extends, AT009 conflicts.
    """
    chosen = list(dict.fromkeys(names))
    found: list[Diagnostic] = []
    order: list[str] = []
    for name in chosen:
        _visit(name, profiles, (), order, found)
    found += _conflicts(order, profiles)
    if found:
        raise InputError(*found)
    replaced = {
        (base, layer)
        for name in order
        for base in _ancestors(name, profiles)
        for layer in profiles[base].layers
        if layer in profiles[name].layers
    }
    return tuple(
        layer for name in order for layer in profiles[name].layers.values() if (name, layer.name) not in replaced
    )


def _visit(
    name: str, profiles: Mapping[str, Profile], trail: tuple[str, ...], order: list[str], found: list[Diagnostic]
) -> None:
    if name in trail:
        circle = " -> ".join((*trail[trail.index(name) :], name))
        found.append(
            diagnostic("AT007", f"profiles extend each other in a circle: {circle}", help="remove one `extends`")
        )
        return
    if name not in profiles:
        by = f", which profile {trail[-1]} extends" if trail else ""
        found.append(
            diagnostic(
                "AT006",
                f"unknown profile `{name}`{by}",
                path="profile",
                help=f"{suggest(name, profiles)} (`autotune profiles` lists them)",
            )
        )
        return
    for base in profiles[name].extends:
        _visit(base, profiles, (*trail, name), order, found)
    if name not in order:
        order.append(name)


def _ancestors(name: str, profiles: Mapping[str, Profile]) -> Iterable[str]:
    for base in profiles[name].extends:
        yield base
        yield from _ancestors(base, profiles)


def _conflicts(order: list[str], profiles: Mapping[str, Profile]) -> Iterable[Diagnostic]:
    seen: set[frozenset[str]] = set()
    for name in order:
        for other in profiles[name].conflicts:
            pair = frozenset({name, other})
            if other in order and pair not in seen:
                seen.add(pair)
                yield diagnostic(
                    "AT009",
                    f"profiles {name} and {other} are in conflict",
                    path="profile",
                    help=f"choose one, or sweep over both: `+profile={name},{other} -m`",
                )
