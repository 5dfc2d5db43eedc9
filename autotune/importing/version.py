"""The version of an engine that a command was written for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.diagnostics import InputError
from autotune.engines import ENGINES
from autotune.engines.known import known_flags
from autotune.engines.versions import read_version, resolve_version
from autotune.importing.arguments import ENV, FILE, KEY
from autotune.importing.launch import tag_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from autotune.importing.target import Target


class ChosenVersion(NamedTuple):
    """`asked` is the version as said (None: nobody said one), `known` the release whose flags count, `why` for people."""

    asked: str | None
    known: str
    why: str


def choose_version(
    engine: str, given: str | None, image: str | None, read: Callable[[str], Target]
) -> tuple[ChosenVersion, Target]:
    """Given by the user, else by the image's tag, else the newest that has all of the flags, else the newest.

    `read` reads the command as a version would. Raises InputError (AT020) for a given version that is not known.
    """
    versions = ENGINES[engine].versions()
    if given is not None:
        known = resolve_version(ENGINES[engine], given)
        return ChosenVersion(given, known, "as said"), read(known)
    tag = None if image is None else tag_of(image)
    tagged = None if tag is None else read_version(tag)
    if tagged is not None:
        public = str(tagged.public)
        try:
            known = resolve_version(ENGINES[engine], public)
        except InputError:
            tagged = None
        else:
            return ChosenVersion(public, known, f"the image's tag {tag}"), read(known)
    newest = read(versions[-1])
    lacking = missing_flags(newest, engine, versions[-1])
    untold = "" if tag is None else f"the image's tag {tag} names no version whose flags are known; "
    if not lacking:
        return ChosenVersion(None, versions[-1], f"{untold}the newest known"), newest
    for version in reversed(versions[:-1]):
        target = read(version)
        if not missing_flags(target, engine, version):
            why = f"{untold}the newest that has {', '.join(lacking)}"
            return ChosenVersion(version, version, why), target
    return ChosenVersion(None, versions[-1], f"{untold}the newest known"), newest


def missing_flags(target: Target, engine: str, version: str) -> list[str]:
    """Flags that the version does not have, or would refuse the value of."""
    known = known_flags(engine, version)
    found = [name for name in target.arguments.wrong if name.startswith("-")]
    for name, value in target.arguments.values.items():
        if name.startswith((ENV, FILE)):
            continue
        spelling = known.find(name.partition(KEY)[0])
        if spelling is None or (spelling.flag.choices and not _takes(spelling.flag.choices, value)):
            found.append(name.partition(KEY)[0])
    return list(dict.fromkeys(found))


def _takes(choices: frozenset[str], value: Any) -> bool:
    values = value if isinstance(value, tuple) else (value,)
    return all(str(item) in choices or (item is True and not isinstance(value, tuple)) for item in values)
