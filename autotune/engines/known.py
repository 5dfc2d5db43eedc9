"""The flags that each version of an engine knows, as data read from the engine's own wheels.

One JSON file a version lies in `known/ENGINE/`, written by tools/known_flags.py. Reading them is the one exception to the
rule that the core touches no file: they are part of the package, they never change while it runs, and each is read once,
when a version is first asked for.

A file holds `env` (environment variable -> values it takes, empty for any) and `flags` (long flag -> what it takes):

- `kind`: pair (`--x` and `--no-x`), bare (no value), int, float, text or json;
- `names`: other spellings; `many`: takes several values; `optional`: the value may be left out; `deprecated`; `default`;
- `choices`: what the engine's parser insists on; `values`: the ones it knows and checks later, where plugins may add more;
- `keys`: for a JSON value, the keys that the table writes, each with the values it takes (empty for any).
For an engine with a config file, `file` holds its keys (dotted) in the same form; their kind may be bool, and `json` for a
key with further keys below it. `source` says where a version was read, when it was not the engine's own wheel.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["pair", "bare", "bool", "int", "float", "text", "json"]

_FOLDER = Path(__file__).parent / "known"


@dataclass(frozen=True, slots=True)
class KnownFlag:
    """One flag of one version."""

    name: str
    kind: Kind
    names: tuple[str, ...] = ()
    many: bool = False
    optional: bool = False
    deprecated: bool = False
    choices: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def takes(self) -> frozenset[str]:
        """The values it is known to take; empty: any."""
        return self.choices or self.values


class Spelling(NamedTuple):
    """What a flag as written stands for; `negative` for the `--no-x` of a pair."""

    flag: KnownFlag
    negative: bool


@dataclass(frozen=True, slots=True)
class KnownFlags:
    """Everything that one version takes on its command line."""

    engine: str
    version: str
    flags: Mapping[str, KnownFlag]
    env: Mapping[str, frozenset[str]]
    spellings: Mapping[str, Spelling]
    """Every way to write a flag; underscores stand as dashes where the engine takes them for the same."""
    folds: bool
    """Whether the engine reads `--a_b` as `--a-b`."""
    file: Mapping[str, KnownFlag] = field(default_factory=dict)
    """The keys of its config file, dotted; empty where it has none."""

    def find(self, written: str) -> Spelling | None:
        """The flag meant by a spelling, None where the version has no such flag.

        `--x.key` is one key of a flag that takes JSON (vLLM writes them so).
        """
        spelled = written.replace("_", "-") if self.folds else written
        found = self.spellings.get(spelled)
        if found is None and "." in spelled:
            whole = self.spellings.get(spelled.partition(".")[0])
            return whole if whole is not None and whole.flag.kind == "json" else None
        return found


@functools.cache
def known_versions(engine: str) -> tuple[str, ...]:
    """Versions with a file, oldest first."""
    return tuple(sorted((path.stem for path in (_FOLDER / engine).glob("*.json")), key=Version))


@functools.cache
def known_flags(engine: str, version: str) -> KnownFlags:
    """The flags of one version of `known_versions`."""
    data = json.loads((_FOLDER / engine / f"{version}.json").read_text(encoding="utf-8"))
    folds = bool(data.get("folds"))
    flags = {name: _known_flag(name, entry) for name, entry in data["flags"].items()}
    spellings: dict[str, Spelling] = {}
    for flag in flags.values():
        for name in (flag.name, *flag.names):
            spelled = name.replace("_", "-") if folds else name
            spellings[spelled] = Spelling(flag, negative=False)
            if flag.kind == "pair" and spelled.startswith("--"):
                spellings[f"--no-{spelled.removeprefix('--')}"] = Spelling(flag, negative=True)
    env = {name: frozenset(values) for name, values in data["env"].items()}
    file = {name: _known_flag(name, entry) for name, entry in data.get("file", {}).items()}
    return KnownFlags(engine, version, flags, env, spellings, folds, file)


def _known_flag(name: str, entry: Mapping[str, Any]) -> KnownFlag:
    return KnownFlag(
        name,
        entry["kind"],
        tuple(entry.get("names", ())),
        many=entry.get("many", False),
        optional=entry.get("optional", False),
        deprecated=entry.get("deprecated", False),
        choices=frozenset(entry.get("choices", ())),
        values=frozenset(entry.get("values", ())),
        keys={key: frozenset(values) for key, values in entry.get("keys", {}).items()},
    )
