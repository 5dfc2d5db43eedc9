"""The declarative table of an engine: config path -> flag, and the walk over it.

A row says where a path's value goes and between which versions; an engine is a list of rows, and nothing is copied per
version. A setting that was renamed is two rows with one path and version ranges that meet.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from autotune.diagnostics import diagnostic, nearest
from autotune.engines.flag import Flag, Lowering
from autotune.engines.known import KnownFlags, known_flags, known_versions
from autotune.engines.spelling import spell_value, spell_values
from autotune.layers import copy_tree
from autotune.schema import field_paths
from autotune.schema.watched import remember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from autotune.diagnostics import Diagnostic
    from autotune.engines.engine import Facts
    from autotune.schema import Config

#: Groups whose settings are the engine's business; a path in them without a row is dropped with a warning.
_GROUPS = ("model.", "parallel.", "quantization.", "memory.", "scheduling.", "attention.", "misc.", "runtime.nextn")
#: Paths in those groups that no engine has a flag for: read by the predictors, or handled outside the table.
_EXEMPT = frozenset({
    "model.id", "model.path", "quantization.fmha_mode", "quantization.moe_mode", "quantization.comm_mode",
    "misc.env", "misc.extra_args",
})  # fmt: skip

#: Lists and maps that hold nothing; like None they leave the choice to the engine.
_EMPTY: tuple[Any, ...] = ((), {})


@dataclass(slots=True)
class Written:
    """What the walk over a table gives: flags with the path that set them and their values, in the table's order."""

    flags: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    file: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Active:
    """A row in one version: how to read its value, and the values that its target takes (empty: any)."""

    row: Flag
    read: Callable[[Any], Any]
    takes: frozenset[str]


class _Put(NamedTuple):
    """Something that a row gives: a flag and its values, an entry of a flag's JSON or of the config file, a variable, or what is
    wrong with a value. `name` is the flag, variable or entry, `key` that of a flag's JSON.
    """

    where: Literal["flag", "object", "file", "env", "wrong"]
    name: str
    path: str
    value: Any
    key: str = ""


class _Rows:
    """Rows that stand together and read one group of a config. What they give is kept for a sweep by what they read."""

    def __init__(self, table: FlagTable, known: KnownFlags, rows: Sequence[_Active]) -> None:
        self._table = table
        self._known = known
        self._rows = tuple(rows)

    def __call__(self, config: Config, facts: Facts) -> tuple[_Put, ...]:
        lowering = Lowering(config, facts, self._known)
        return tuple(
            put
            for active in self._rows
            if (value := active.read(config)) is not None and value not in _EMPTY
            for put in self._table.puts(active, value, lowering)
        )


class _Uncovered:
    """Settings of one group that no row of the version is for."""

    def __init__(self, table: FlagTable, paths: Iterable[str]) -> None:
        self._table = table
        self._paths = tuple((path, _reader(path)) for path in paths)

    def __call__(self, config: Config, facts: Facts) -> tuple[_Put, ...]:
        return tuple(
            _Put("wrong", "", path, self._table.dropped(path, value, facts.engine_version))
            for path, read in self._paths
            if (value := read(config)) is not None and value not in _EMPTY
        )


@dataclass(frozen=True, slots=True)
class _Selection:
    known: KnownFlags
    parts: tuple[_Rows | _Uncovered, ...]


class FlagTable:
    """The rows of one engine. `own` are paths that the engine's module writes by itself."""

    def __init__(self, engine: str, title: str, rows: tuple[Flag, ...], own: tuple[str, ...] = ()) -> None:
        self.engine = engine
        self.title = title
        self.rows = rows
        self.own = frozenset(own)
        self._selections: dict[str, _Selection] = {}

    def versions(self) -> tuple[str, ...]:
        """Versions whose flags are known, oldest first."""
        return known_versions(self.engine)

    def known(self, version: str) -> KnownFlags:
        """The flags of a version."""
        return self._select(version).known

    def write(self, config: Config, facts: Facts) -> Written:
        """Walk the rows of the version over a config.

        Findings: AT021 for a value that the engine does not take, AT101 for a setting that it does not have.
        """
        selection = self._select(facts.engine_version)
        written = Written()
        objects: dict[str, dict[str, Any]] = {}
        for part in selection.parts:
            for where, name, path, value, key in remember(part, config, facts):
                if where == "flag":
                    written.flags.setdefault(name, (path, value))
                elif where == "object":
                    objects.setdefault(name, {})[key] = value
                    written.flags.setdefault(name, (path, []))
                elif where == "file":
                    _put(written.file, name, copy_tree(value))
                elif where == "env":
                    written.env[name] = value
                else:
                    written.diagnostics.append(value)
        for flag, entries in objects.items():
            path = written.flags[flag][0]
            written.flags[flag] = (path, [spell_value(entries)])
        return written

    def puts(self, active: _Active, value: Any, lowering: Lowering) -> Iterable[_Put]:
        """What a row makes of the value at its path."""
        row = active.row
        if row.gpu_only and lowering.facts.gpu.vendor == "cpu":
            message = f"{row.path} has no effect in {self.title} on a CPU; it is dropped"
            advice = "remove it, or choose a GPU in system.gpu"
            return (_Put("wrong", "", row.path, diagnostic("AT101", message, path=row.path, help=advice)),)
        meant = row.values.get(value, value) if row.values else value
        if meant is not None and row.convert is not None:
            meant = row.convert(meant, lowering)
        if meant is None:
            return ()
        if wrong := _not_taken(active, meant):
            return (_Put("wrong", "", row.path, self._refused(active, value, wrong, lowering)),)
        if row.key is not None and row.flag is not None:
            return (_Put("object", row.flag, row.path, meant, row.key),)
        return _place(row, meant)

    def dropped(self, path: str, value: Any, version: str) -> Diagnostic:
        """AT101 for a setting that the version does not have."""
        message = f"{self.title} {version} has no setting for {path}={spell_value(value)}; it is dropped"
        spans = [_span(row) for row in self.rows if row.path == path and row.target]
        advice = (
            f"{self.title} has it {' and '.join(spans)}"
            if spans
            else "remove it, or choose another engine in system.backend"
        )
        return diagnostic("AT101", message, path=path, help=advice)

    def _select(self, version: str) -> _Selection:
        if version not in self._selections:
            known = known_flags(self.engine, version)
            rows = [_Active(row, _reader(row.path), _takes(row, known)) for row in self.rows if row.holds_for(version)]
            covered = {active.row.path for active in rows} | self.own
            uncovered = [path for path in serving_paths() if path not in covered]
            self._selections[version] = _Selection(
                known,
                (
                    *(_Rows(self, known, [*run]) for _, run in groupby(rows, lambda active: _group(active.row.path))),
                    *(_Uncovered(self, run) for _, run in groupby(uncovered, _group)),
                ),
            )
        return self._selections[version]

    def _refused(self, active: _Active, given: Any, wrong: str, lowering: Lowering) -> Diagnostic:
        row = active.row
        message = f"{self.title} {lowering.facts.engine_version} does not take {wrong} for {row.target} ({row.path}={spell_value(given)})"
        taken = active.takes - row.not_taken
        names = (
            sorted(str(name) for name, value in row.values.items() if value in taken) if row.values else sorted(taken)
        )
        close = nearest(wrong, names)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        return diagnostic("AT021", message, path=row.path, help=f"{hint}it takes {', '.join(names) or 'none of them'}")


def serving_paths() -> tuple[str, ...]:
    """The settings that an engine either has a row for or drops with a warning."""
    paths = field_paths()
    inner = {path.rpartition(".")[0] for path in paths}
    return tuple(path for path in paths if path.startswith(_GROUPS) and path not in _EXEMPT and path not in inner)


def _not_taken(active: _Active, value: Any) -> str | None:
    """The first value that the version does not take, as spelled; None where all is well."""
    if isinstance(value, bool) or not (active.takes or active.row.not_taken):
        return None
    return next(
        (
            item
            for item in spell_values(value)
            if (active.takes and item not in active.takes) or item in active.row.not_taken
        ),
        None,
    )


def _place(row: Flag, value: Any) -> tuple[_Put, ...]:
    """A value where its row says: variable, config file, or flag. The first row to write a flag stands."""
    if row.env is not None:
        return (_Put("env", row.env, row.path, spell_value(value)),)
    if row.key is not None:
        return (_Put("file", row.key, row.path, value),)
    if value is False:
        return () if row.off is None else (_Put("flag", row.off, row.path, []),)
    if row.flag is None:
        return ()
    also = (_Put("flag", flag, row.path, values) for flag, *values in row.also)
    return (_Put("flag", row.flag, row.path, spell_values(value)), *also)


def _group(path: str) -> str:
    return path.partition(".")[0]


def _takes(row: Flag, known: KnownFlags) -> frozenset[str]:
    if row.env is not None:
        return known.env.get(row.env, frozenset())
    if row.flag is None and row.key is not None:
        return known.file[row.key].takes if row.key in known.file else frozenset()
    if row.flag is None or row.flag not in known.flags:
        return frozenset()
    flag = known.flags[row.flag]
    return flag.takes if row.key is None else flag.keys.get(row.key, frozenset())


def _reader(path: str) -> Callable[[Any], Any]:
    """Reads a dotted path of a config; None where a group on the way is unset."""
    group, _, name = path.rpartition(".")
    read = operator.attrgetter(path)
    if "." not in group:
        return read
    outer, inner = operator.attrgetter(group), operator.attrgetter(name)

    def read_nested(config: Any) -> Any:
        found = outer(config)
        return None if found is None else inner(found)

    return read_nested


def _put(tree: dict[str, Any], dotted: str, value: Any) -> None:
    *groups, name = dotted.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[name] = list(value) if isinstance(value, tuple) else value


def _span(row: Flag) -> str:
    if row.since and row.until:
        return f"from {row.since} until before {row.until}"
    return f"from {row.since} on" if row.since else f"before {row.until}"
