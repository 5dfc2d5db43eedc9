"""misc.extra_args: engine flags as the user wrote them, checked against what the version knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.diagnostics import diagnostic, suggest
from autotune.engines.known import known_flags, known_versions
from autotune.engines.spelling import spell_flag, spell_value, spell_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.diagnostics import Diagnostic
    from autotune.engines.known import KnownFlag, KnownFlags, Spelling


def extra_arguments(
    extra: Mapping[str, Any], known: KnownFlags, generated: Mapping[str, str], title: str
) -> tuple[list[str], list[Diagnostic]]:
    """The command line parts of the extra arguments, in their order, and what is wrong with them.

    `generated` maps each flag already written, as written, to the config path that set it ("" where none did). True and None write the bare
    flag, False nothing, a list several values, a map JSON. Findings: AT022 for a flag that the version does not have,
    AT028 for one that a path or another extra argument sets too, AT021 for a value it does not take.
    """
    if not extra:
        return [], []
    sources = {_identity(flag, known): path for flag, path in generated.items()}
    parts: list[str] = []
    found: list[Diagnostic] = []
    for written, value in extra.items():
        if value is False:
            continue
        path = f"misc.extra_args.{written}"
        spelling = known.find(written)
        if spelling is None:
            message = f"{title} {known.version} has no flag {written}"
            found.append(diagnostic("AT022", message, path=path, help=_unknown(written, known, title)))
            continue
        identity = _identity(written, known)
        clash = sources.get(identity, sources.get(spelling.flag.name))
        sources.setdefault(identity, path)
        values = [] if value is None else spell_values(value)
        if clash is not None:
            found.append(_repeated(written, path, clash))
        elif complaint := _complaint(written, values, spelling):
            message = f"{title} {known.version}: {complaint}"
            found.append(diagnostic("AT021", message, path=path, help=_advice(spelling.flag)))
        else:
            parts += spell_flag(written, values)
    return parts, found


def _repeated(written: str, path: str, clash: str) -> Diagnostic:
    if not clash:
        return diagnostic("AT028", f"{written} is always given", path=path, help="drop it; who runs the server sets it")
    advice = f"set {clash} only, or drop it and keep {written}"
    return diagnostic("AT028", f"{written} repeats what {clash} sets", path=path, help=advice)


def _identity(written: str, known: KnownFlags) -> str:
    """One name for all spellings of a flag; keys of a JSON flag are apart from each other, not from the whole."""
    spelling = known.find(written)
    if spelling is None:
        return written
    _, dot, key = written.partition(".")
    return f"{spelling.flag.name}{dot}{key}"


def _complaint(written: str, values: list[str], spelling: Spelling) -> str | None:
    flag = spelling.flag
    if "." in written:
        return None if len(values) == 1 else f"{written} takes one value"
    if flag.kind in ("pair", "bare"):
        return f"{written} takes no value" if values else None
    if not values:
        return None if flag.optional else f"{written} needs a value"
    if len(values) > 1:
        if not flag.many:
            return f"{written} takes one value, not {len(values)}"
        if any(item.startswith("-") for item in values):
            return f"{written} cannot take several values of which one begins with a dash"
    wrong = [item for item in values if flag.choices and item not in flag.choices]
    return f"{written} does not take {wrong[0]}" if wrong else None


def _advice(flag: KnownFlag) -> str:
    if flag.kind in ("pair", "bare"):
        return "give true for the bare flag, false to leave it out"
    if flag.takes:
        return f"it takes {', '.join(sorted(flag.takes))}"
    return f"it takes {'several values of' if flag.many else 'a value of'} type {flag.kind}"


def _unknown(written: str, known: KnownFlags, title: str) -> str:
    """The versions that have the flag, where there are any, and what this one has that resembles it."""
    having = [version for version in known_versions(known.engine) if known_flags(known.engine, version).find(written)]
    elsewhere = f"{title} {having[0]} to {having[-1]} have it; " if having else ""
    return elsewhere + suggest(written, [spelled for spelled in known.spellings if spelled.startswith("--")])


def spelled_environment(
    env: Mapping[str, str], generated: Mapping[str, str], known: KnownFlags, title: str
) -> tuple[dict[str, str], list[Diagnostic]]:
    """The user's environment laid over the table's.

    Findings: AT028 where they contradict each other, AT021 for a value that the version does not take.
    """
    found = [
        diagnostic("AT028", f"misc.env sets {name}={env[name]}, and the config means {value} for {title}",
                   path=f"misc.env.{name}", help=f"drop {name} from misc.env, or the config path that means it")
        for name, value in generated.items() if name in env and env[name] != value
    ]  # fmt: skip
    wrong = {name for name, value in env.items() if known.env.get(name) and value not in known.env[name]}
    found += [
        diagnostic("AT021", f"{title} {known.version} does not take {env[name]} for {name}",
                   path=f"misc.env.{name}", help=f"it takes {', '.join(sorted(known.env[name]))}")
        for name in env if name in wrong
    ]  # fmt: skip
    laid = {**generated, **{name: value for name, value in env.items() if name not in wrong}}
    return {name: spell_value(value) for name, value in laid.items()}, found
