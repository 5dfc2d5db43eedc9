"""The differences of two sides: image, flags, environment, files and config paths, each with who set it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autotune.compare.flags import Flags, read_flags
from autotune.compare.side import Side, point_sides
from autotune.diagnostics import InputError, hide_secrets, holds_secret
from autotune.diagnostics.secrets import HIDDEN
from autotune.engines.flag_paths import flag_paths
from autotune.engines.known import known_flags, known_versions
from autotune.engines.provenance import is_cut
from autotune.engines.spelling import spell_values
from autotune.layers import flatten, parse_yaml
from autotune.schema import SERVING_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autotune.compiled import CompiledPoint

#: In the order in which they are shown.
KINDS = ("image", "flag", "env", "file", "config")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other; None stands for its absence, () for a bare flag.

    `kind` is one of KINDS; `path` is the config path behind it; `set_before` and `set_after` say who set it on either side.
    """

    kind: str
    name: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None
    path: str | None = None
    set_before: str | None = None
    set_after: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "before": None if self.before is None else list(self.before),
            "after": None if self.after is None else list(self.after),
            "path": self.path,
            "set_by": {"before": self.set_before, "after": self.set_after},
        }


def compare_points(before: CompiledPoint, after: CompiledPoint) -> list[Difference]:
    """What changes from one compiled point's servers to the other's, without their configs; of several, the role stands first."""
    first, second = point_sides(before, ""), point_sides(after, "")
    found: list[Difference] = []
    for one, other in zip(first, second, strict=False):
        items = compare_sides(replace(one, config=None), replace(other, config=None))
        role = one.title.removeprefix(", ")
        found += [replace(item, name=f"{role} {item.name}") if role else item for item in items]
    return found


def compare_sides(before: Side, after: Side) -> list[Difference]:
    """Everything that differs, in the order of KINDS; flags in the order of the command lines. Secrets are not repeated.

    What only one side can say anything of is not compared: an image that a command line does not name, a config that a
    foreign server does not have, what a running container's image puts into its environment.
    """
    before, after = _same_version(before, after), _same_version(after, before)
    found = [*_images(before, after)]
    for kind, old, new in (
        ("flag", _flags(before), _flags(after)),
        ("env", _texts(before.env), _texts(after.env)),
        ("file", _file_entries(before), _file_entries(after)),
    ):
        if kind == "file" and (before.without_files or after.without_files):
            continue
        names = dict.fromkeys((*old, *new))
        if kind == "env" and after.injected:
            names = dict.fromkeys(old)
        if kind == "env" and before.injected:
            names = dict.fromkeys(name for name in names if name in new)
        for name in names:
            if old.get(name) != new.get(name):
                item = Difference(kind, name, _hide(name, old.get(name)), _hide(name, new.get(name)))
                found.append(_with_writers(item, before, after))
    return [*found, *_configs(before, after)]


def _same_version(side: Side, other: Side) -> Side:
    """A version that is not known is taken to be the other side's; else flags are read with those of the newest."""
    if side.version is None and side.engine is not None and side.engine == other.engine:
        return replace(side, version=other.version)
    return side


def _images(before: Side, after: Side) -> Iterator[Difference]:
    if before.image is not None and after.image is not None and before.image != after.image:
        item = Difference("image", "image", (before.image,), (after.image,), "system.image")
        yield _who(item, "system.image", before, after)


def _flags(side: Side) -> Flags:
    return read_flags(side.argv, side.engine, side.version)


def _texts(data: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {key: (value,) for key, value in sorted(data.items())}


def _file_entries(side: Side) -> dict[str, tuple[str, ...]]:
    """A YAML file by its keys, any other as a whole."""
    entries: dict[str, tuple[str, ...]] = {}
    for name, text in sorted(side.files.items()):
        try:
            data = parse_yaml(text, name).data
        except InputError:
            data = None
        if not isinstance(data, dict) or not data:
            entries[name] = (text,)
            continue
        for path, value in flatten(data):
            entries[f"{name}: {'.'.join(path)}"] = tuple(spell_values(value))
    return entries


def _hide(name: str, values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if values is None:
        return None
    return tuple(HIDDEN if holds_secret(name, value) else hide_secrets(value) for value in values)


def _with_writers(item: Difference, before: Side, after: Side) -> Difference:
    """The config path that means this flag, variable or key, and who set that."""
    target = item.name.rpartition(": ")[2]
    path = _path_of(target, after) or _path_of(target, before)
    return item if path is None else _who(replace(item, path=path), path, before, after)


def _path_of(target: str, side: Side) -> str | None:
    """Of the paths that may be behind a flag, the one that somebody set; else the first that has a value."""
    if side.engine is None or side.version is None or not side.writers:
        return None
    by_flag = flag_paths(side.engine, side.version)
    flag = target.partition(".")[0] if target.startswith("-") else target
    extra = [f"misc.env.{target}", *_extra_paths(flag, side)]
    candidates = [*extra, *by_flag.get(target, by_flag.get(flag, ()))]
    said = [path for path in candidates if path in side.said]
    return next(iter(said or [path for path in candidates if path in side.writers]), None)


def _extra_paths(flag: str, side: Side) -> Iterator[str]:
    """The path of misc.extra_args that gives a flag, however it is spelled there."""
    assert side.engine is not None
    if not flag.startswith("-") or side.version not in known_versions(side.engine):
        return
    known = known_flags(side.engine, side.version)
    for path in side.writers:
        if path.startswith("misc.extra_args.-"):
            spelling = known.find(path.removeprefix("misc.extra_args.").partition(".")[0])
            if spelling is not None and spelling.flag.name == flag:
                yield path


def _who(item: Difference, path: str, before: Side, after: Side) -> Difference:
    return replace(item, set_before=before.writers.get(path), set_after=after.writers.get(path))


def _configs(before: Side, after: Side) -> Iterator[Difference]:
    """Paths with other values. Where one side leaves base defaults out, only what somebody set for the server counts."""
    old, new = before.config, after.config
    if old is None or new is None:
        return
    paths = dict.fromkeys((*old, *new))
    if not (before.whole and after.whole):
        paths = dict.fromkeys(
            path
            for path in sorted(before.said | after.said)
            if path.partition(".")[0] in SERVING_GROUPS and not path.startswith(("deploy.labels", "deploy.annotations"))
        )
    for path in paths:
        one, other = old.get(path), new.get(path)
        if one != other and not is_cut(one) and not is_cut(other):
            item = Difference("config", path, _value(one), _value(other), path)
            yield _who(item, path, before, after)


def _value(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    return ("true",) if value is True else tuple(spell_values(value))
