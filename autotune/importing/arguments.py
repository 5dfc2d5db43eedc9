"""The arguments of an engine's command, read as its own parser of that version would read them.

Spellings become one: aliases, underscores where the engine folds them, unambiguous beginnings where it takes them, `--a=b`,
`--x.key value` for one key of a JSON flag, `-O3`. Two command lines that give one set of arguments mean the same server.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autotune.engines.known import KnownFlag, KnownFlags

_NUMBER = re.compile(r"-\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
#: Numbers as people write them for vLLM (`human_readable_int` in vllm/engine/arg_utils.py): k is 1000, K is 1024.
_HUMAN = re.compile(r"(\d+(?:\.\d+)?)([kKmMgGtT])")
_SCALES = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_LEVEL = re.compile(r"-O=?([0-9])")
#: Engines whose parsers (argparse) take a flag's unambiguous beginning for it.
_ABBREVIATE = frozenset({"vllm", "sglang"})
#: Between a flag that takes JSON and one of its keys, in the names of arguments; no flag and no file key holds it.
KEY = "#"
FILE = "file:"
ENV = "env:"


@dataclass(slots=True)
class Arguments:
    """Arguments by name: a flag, `flag#key` for one key of its JSON, `--no-x` for a switch that is off.

    A bare flag is True, several values are a tuple; `written` has each as it was spelled. `wrong` names what no value could be
    read for, with the reason.
    """

    values: dict[str, Any] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    positionals: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_arguments(words: Sequence[str], known: KnownFlags) -> Arguments:
    """Take the words after the engine's command apart. A flag that is given twice counts as it was given last."""
    read = Arguments()
    objects: dict[str, dict[str, Any]] = {}
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            read.positionals += words[at:]
            break
        if not _is_flag(word):
            read.positionals.append(word)
            continue
        name, tied, value = _expand(word, known)
        spelling = known.find(name) or _abbreviated(name, known, read)
        flag = None if spelling is None else spelling.flag
        values = [value] if tied else []
        if not tied:
            taken = _count(flag, words[at:], negative=spelling is not None and spelling.negative)
            if "." in name and flag is not None and flag.kind == "json":
                taken = min(1, sum(1 for _ in _until_flag(words[at:])))
            values = list(words[at : at + taken])
            at += taken
        shown = " ".join([word, *([] if tied else values)])
        if flag is None:
            _keep(read, name.replace("_", "-") if known.folds else name, tuple(values) or True, shown, raw=name)
            continue
        dotted = name.partition(".")[2] if known.spellings.get(name) is None else ""
        if flag.kind == "json" and dotted:
            _merge(objects.setdefault(flag.name, {}), dotted, values[0] if values else "true")
            read.written[flag.name] = f"{read.written.get(flag.name, '')} {shown}".strip()
            continue
        canonical = f"--no-{flag.name.removeprefix('--')}" if spelling is not None and spelling.negative else flag.name
        if flag.kind in ("bare", "pair"):
            if values:
                read.wrong[canonical] = f"{name} takes no value, and is given {values[0]}"
            _keep(read, canonical, tuple(values) or True, shown)
        elif not values and not flag.optional:
            read.wrong[canonical] = f"{name} needs a value"
            _keep(read, canonical, True, shown)
        else:
            given = [_value(item, flag, known) for item in values]
            if flag.kind == "json" and not flag.many and len(given) == 1 and isinstance(given[0], dict) and given[0]:
                objects[flag.name] = given[0]
                read.written[flag.name] = shown
            else:
                whole = tuple(given) if flag.many or len(given) != 1 else given[0]
                _keep(read, canonical, (True if whole == () else whole), shown)
    for name, entries in objects.items():
        for key, item in entries.items():
            read.values[f"{name}{KEY}{key}"] = item
            read.written[f"{name}{KEY}{key}"] = read.written[name]
    return read


def flatten_file(content: Any) -> dict[str, Any]:
    """The entries of a config file by dotted name; an empty map and null are entries too."""
    found: dict[str, Any] = {}
    if isinstance(content, dict):
        _flatten(content, "", found)
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two arguments are equal; true is not 1."""
    return bool(_plain(one) == _plain(other))


def _flatten(tree: Mapping[Any, Any], prefix: str, found: dict[str, Any]) -> None:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            _flatten(value, f"{prefix}{key}.", found)
        else:
            found[f"{FILE}{prefix}{key}"] = tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """For comparison: lists and tuples alike, switches apart from numbers, numbers by what is left of ten digits."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bool):
        return ("switch", value)
    return float(f"{value:.10g}") if isinstance(value, float) else value


def _is_flag(word: str) -> bool:
    return word.startswith("-") and word != "-" and _NUMBER.fullmatch(word) is None


def _expand(word: str, known: KnownFlags) -> tuple[str, bool, str]:
    """A flag's name, whether a value is tied to it, and the value."""
    level = _LEVEL.fullmatch(word)
    if level is not None and known.engine == "vllm":
        if "--optimization-level" in known.flags:
            return "--optimization-level", True, level[1]
        keys = known.flags["--compilation-config"].keys
        return f"--compilation-config.{'mode' if 'mode' in keys else 'level'}", True, level[1]
    if known.engine == "vllm" and (word == "-O" or word.startswith(("-O.", "-O="))) and known.find("-O") is None:
        plain = "--optimization-level" if "--optimization-level" in known.flags else "--compilation-config"
        name, tied, value = word.partition("=")
        return (plain if name == "-O" else "--compilation-config") + name[2:], bool(tied), value
    name, tied, value = word.partition("=")
    return name, bool(tied), value


def _abbreviated(name: str, known: KnownFlags, read: Arguments) -> Any:
    """The flag that an unambiguous beginning stands for."""
    if known.engine not in _ABBREVIATE or not name.startswith("--") or "." in name:
        return None
    start = name.replace("_", "-") if known.folds else name
    meant = [spelled for spelled in known.spellings if spelled.startswith(start)]
    if not meant or len({known.spellings[item].flag.name for item in meant}) > 1:
        return None
    read.notes.append(f"{name} is read as {min(meant, key=len)}")
    return known.spellings[min(meant, key=len)]


def _count(flag: KnownFlag | None, rest: Sequence[str], *, negative: bool) -> int:
    """How many of the following words are the flag's values."""
    free = sum(1 for _ in _until_flag(rest))
    if flag is None or flag.many:
        return free
    return 0 if negative or flag.kind in ("bare", "pair") else min(1, free)


def _until_flag(words: Sequence[str]) -> Any:
    for word in words:
        if _is_flag(word):
            return
        yield word


def _value(text: str, flag: KnownFlag, known: KnownFlags) -> Any:
    """What a parser makes of a value; text where it would make nothing of it."""
    try:
        if flag.kind == "int":
            human = _HUMAN.fullmatch(text) if known.engine == "vllm" else None
            return int(float(human[1]) * _SCALES[human[2]]) if human else int(text)
        if flag.kind == "float":
            return float(text)
        if flag.kind == "json":
            return json.loads(text)
    except ValueError:
        return text
    return text


def _keep(read: Arguments, name: str, value: Any, shown: str, raw: str | None = None) -> None:
    if name in read.values and not same(read.values[name], value):
        read.notes.append(f"{raw or name} is given more than once; the last one counts: {shown}")
    read.values[name] = value
    read.written[name] = shown


def _merge(tree: dict[str, Any], dotted: str, text: str) -> None:
    """`a.b` with its value into a tree; `a+` appends, as vLLM's parser does."""
    *groups, last = dotted.split(".")
    for group in groups:
        inner = tree.get(group)
        if not isinstance(inner, dict):
            inner = tree[group] = {}
        tree = inner
    if last.endswith("+"):
        earlier = tree.setdefault(last[:-1], [])
        if isinstance(earlier, list):
            earlier += [_json(item) for item in text.split(",")]
        return
    tree[last] = _json(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
