"""Config groups of the plainest kind, composed without Hydra: a list of groups, and options that build on each other.

That is what the shipped `conf/` is made of, and composing it with Hydra takes longer than all else that compiling a point
does. Whatever has a package header, an interpolation, a missing value, an override in its defaults list or a group in a
group is Hydra's to compose; `tests/compose/test_plain_config.py` holds the two together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from autotune.layers import YamlSource

    #: The file of a config path such as `quantization/fp8` and its text's parsed source; None where there is no file.
    Read = Callable[[str], tuple[str, YamlSource] | None]

_SELF = "_self_"
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: What YAML 1.1 reads as something else than text when it is a key.
_KEYWORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null"})
#: Text for PyYAML that OmegaConf reads as a number: 1e3.
_NUMBER = re.compile(r"[-+]?\.?[0-9]")
_PACKAGE = re.compile(r"^#\s*@package\b", re.MULTILINE)


class _NotPlain(Exception):  # noqa: N818 - a way out, not an error
    """Hydra has to compose this."""


def compose_plain(primary: str, choices: Mapping[str, str], read: Read) -> tuple[dict[str, Any], list[str]] | None:
    """The composed data and the paths of the configs it was made of, in order; None where Hydra has to be asked.

    `choices` maps groups to the options chosen in place of those that the primary config names.
    """
    try:
        order = [
            (group, path)
            for group, option in _groups(primary, choices, read)
            for path in _order(group, option, read, ())
        ]
        data: dict[str, Any] = {}
        for group, path in order:
            _merge(data, {group: _contents(path, read)})
    except _NotPlain:
        return None
    return data, [path for _, path in order]


def _groups(primary: str, choices: Mapping[str, str], read: Read) -> Iterator[tuple[str, str]]:
    """Each group of the primary config with its option, in order. It may hold nothing but its defaults list."""
    source = _source(primary, read)
    defaults = source.get("defaults")
    if set(source) != {"defaults"} or not isinstance(defaults, list) or defaults[-1:] != [_SELF]:
        raise _NotPlain
    seen: set[str] = set()
    for entry in defaults[:-1]:
        if not isinstance(entry, dict) or len(entry) != 1:
            raise _NotPlain
        ((group, option),) = entry.items()
        if not _NAME.fullmatch(group) or group in seen:
            raise _NotPlain
        seen.add(group)
        yield group, choices.get(group, option)
    if not seen.issuperset(choices):
        raise _NotPlain


def _order(group: str, option: Any, read: Read, above: tuple[str, ...]) -> Iterator[str]:
    """The paths that an option is made of: those it builds on and itself, as its defaults list has them."""
    if not isinstance(option, str) or not _NAME.fullmatch(option) or option in above:
        raise _NotPlain
    path = f"{group}/{option}"
    defaults = _source(path, read).get("defaults", [_SELF])
    if not isinstance(defaults, list) or defaults.count(_SELF) != 1 or len(set(map(str, defaults))) != len(defaults):
        raise _NotPlain
    for entry in defaults:
        if entry == _SELF:
            yield path
        else:
            yield from _order(group, entry, read, (*above, option))


def _source(path: str, read: Read) -> dict[str, Any]:
    found = read(path)
    if found is None or _PACKAGE.search(found[0]):
        raise _NotPlain
    data = found[1].data
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _NotPlain
    return data


def _contents(path: str, read: Read) -> dict[str, Any]:
    """What the file says itself, copied, once every value is known to mean the same to OmegaConf."""
    return {key: _copy(value) for key, value in _source(path, read).items() if _key(key) != "defaults"}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    if isinstance(value, str):
        if "${" in value or "???" in value or _NUMBER.match(value):
            raise _NotPlain
    elif not isinstance(value, bool | int | float | None):
        raise _NotPlain
    return value


def _key(key: str) -> str:
    if not _NAME.fullmatch(key) or key.lower() in _KEYWORDS:
        raise _NotPlain
    return key


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    """As OmegaConf merges: a map goes into a map, and anything else replaces what is there."""
    for key, value in above.items():
        old = below.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        elif isinstance(old, list) != isinstance(value, list) and isinstance(old, dict | list) and isinstance(value, dict | list):  # fmt: skip
            raise _NotPlain
        else:
            below[key] = value
