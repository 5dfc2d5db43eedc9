"""Provenance as annotations: what a running server carries of the point that it was made from.

`autotune/point`, `autotune/profiles` and `autotune/layers` name the point and what was laid over it, `autotune/config-hash`
is a hash over the groups that decide what the server is, `autotune/set-by` says who set each value and `autotune/emitted` has a
checksum of every flag, variable and file, so that an edit made later shows. Line numbers are left out: a comment added to
a profile must not change a pod's template, which would restart the server.
"""

from __future__ import annotations

import functools
import json
import posixpath
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.diagnostics import Source, hide_secrets, holds_secret
from autotune.diagnostics.secrets import HIDDEN
from autotune.engines.flag_groups import split_flags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autotune.diagnostics import Writer

PREFIX = "autotune/"
POINT = "autotune/point"
PROFILES = "autotune/profiles"
LAYERS = "autotune/layers"
CONFIG_HASH = "autotune/config-hash"
VERSION = "autotune/version"
SET_BY = "autotune/set-by"
EMITTED = "autotune/emitted"

#: Kubernetes takes 256 KiB of annotations on an object, and `kubectl apply` keeps a second copy of the object in one.
MOST_BYTES = 8192
#: Longest value and longest writer, in characters of JSON.
_LONGEST = 240
_MORE = "..."
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True)


class SetBy(NamedTuple):
    """One value with who set it. The value of a secret is hidden, that of a long one cut."""

    value: Any
    writer: str


class Edit(NamedTuple):
    """One thing that is not as it was emitted: `kind` is flag, env, file, image or command; `how` is added, changed or removed."""

    kind: str
    name: str
    how: str


def spell_set_by(entries: Iterable[tuple[str, Any, Writer]]) -> str:
    """JSON of path -> [value, writer] for (path, value, writer), base defaults left out, at most MOST_BYTES.

    What finds no room is counted under `...`.
    """
    return join_set_by(set_by_entries(entries))


def set_by_entries(entries: Iterable[tuple[str, Any, Writer]]) -> list[tuple[str, str]]:
    """Path and JSON of each of the entries that `spell_set_by` spells."""
    return [_entry(*item) for item in entries if item[2].source is not Source.BASE]


def join_set_by(entries: Iterable[tuple[str, str]]) -> str:
    """What `spell_set_by` gives for these."""
    said = sorted(entries)
    text = "{" + ",".join([entry for _, entry in said]) + "}"
    if len(text) <= MOST_BYTES:
        return text
    kept: list[str] = []
    size = len(_dump({_MORE: len(said)}))
    for _, entry in said:
        size += len(entry) + 2
        if size > MOST_BYTES:
            break
        kept.append(entry)
    return "{" + ",".join([*kept, _dump({_MORE: len(said) - len(kept)})[1:-1]]) + "}"


def _entry(path: str, value: Any, writer: Writer) -> tuple[str, str]:
    """A path, and its entry as JSON."""
    try:
        return path, _spell_entry(path, value, writer)
    except TypeError:  # a list or a map
        return path, _spell_entry.__wrapped__(path, value, writer)


@functools.lru_cache(maxsize=4096, typed=True)  # a sweep has few values
def _spell_entry(path: str, value: Any, writer: Writer) -> str:
    return _dump({path: [shown_value(path, value), _name(writer)]})[1:-1]


def read_set_by(text: str) -> dict[str, SetBy]:
    """The inverse of `spell_set_by`; what is not in its form is left out."""
    data = _load(text)
    return {
        path: SetBy(entry[0], entry[1])
        for path, entry in data.items()
        if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str)
    }


def count_left_out(text: str) -> int:
    """How many values `spell_set_by` found no room for."""
    count = _load(text).get(_MORE, 0)
    return count if isinstance(count, int) else 0


def spell_emitted(argv: Sequence[str], env: Mapping[str, str], files: Mapping[str, str], image: str) -> str:
    """The image, and a checksum of each flag, variable and file, as JSON; of all flags and files together where that is too long."""
    return _spell_emitted(tuple(argv), tuple(env.items()), tuple(files.items()), image)


@functools.lru_cache(maxsize=16)  # every object of a manifest carries it
def _spell_emitted(
    argv: tuple[str, ...], variables: tuple[tuple[str, str], ...], texts: tuple[tuple[str, str], ...], image: str
) -> str:
    env, files = dict(variables), dict(texts)
    flags = ",".join([_flag_entry(flag, *words) for flag, words in _flag_words(argv).items()])
    rest = _dump({"env": _sums(env), "files": _sums(files)})
    text = f'{{"image":{_dump(image)},"flags":{{{flags}}},{rest[1:]}'
    if len(text) <= MOST_BYTES:
        return text
    return _dump({"image": image[:_LONGEST], "flags": _sum(*argv), "files": _sum(*files.keys(), *files.values())})


def find_edits(
    emitted: str,
    argv: Sequence[str],
    env: Mapping[str, str],
    files: Mapping[str, str] | None,
    image: str | None,
    *,
    injected: bool = False,
) -> list[Edit] | None:
    """What differs from the server that `emitted` was made for; None where the annotation cannot be read.

    `files` and `image` are None where they are not known. `injected`: others put variables of their own into the
    environment, so further ones are no edit; those of a LeaderWorkerSet never are.
    """
    sums = _load(emitted)
    if "flags" not in sums:
        return None
    edits: list[Edit] = []
    if image is not None and sums.get("image") != image[: len(image) if isinstance(sums["flags"], dict) else _LONGEST]:
        edits.append(Edit("image", f"{sums.get('image')} -> {image}", "changed"))
    if not isinstance(sums["flags"], dict):
        if sums["flags"] != _sum(*argv):
            edits.append(Edit("command", "the command line", "changed"))
        if files is not None and sums.get("files") != _sum(*files.keys(), *files.values()):
            edits.append(Edit("file", "the config files", "changed"))
        return edits
    edits += _compare("flag", sums["flags"], _flag_sums(argv))
    edits += [
        edit
        for edit in _compare("env", sums.get("env", {}), _sums(env))
        if edit.how != "added" or not (injected or edit.name.startswith("LWS_"))
    ]
    if files is not None:
        edits += _compare("file", sums.get("files", {}), _sums(files))
    return edits


def _compare(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Edit]:
    changes = {
        name: "added" if name not in before else "removed" if name not in after else "changed"
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    }
    return [Edit("command", "the command", how) if not name else Edit(kind, name, how) for name, how in changes.items()]


def _flag_sums(argv: Sequence[str]) -> dict[str, str]:
    return {flag: _sum(*words) for flag, words in _flag_words(argv).items()}


def _flag_words(argv: Sequence[str]) -> dict[str, list[str]]:
    """The values of each flag, those of one that stands twice together."""
    values: dict[str, list[str]] = {}
    for flag, given in split_flags(argv):
        given.append("")
        if flag in values:
            values[flag] += given
        else:
            values[flag] = given
    return values


def _sums(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: _sum(text) for name, text in sorted(texts.items())}


@functools.lru_cache(maxsize=4096)
def _flag_entry(flag: str, *words: str) -> str:
    """A flag and the checksum of its values as `_dump` writes an entry of a map."""
    return _dump({flag: _sum(*words)})[1:-1]


def _sum(*texts: str) -> str:
    """A checksum against edits, not against forgery."""
    return f"{zlib.crc32(chr(0).join(texts).encode('utf-8', 'surrogatepass')):08x}"


def shown_value(path: str, value: Any) -> Any:
    """A value without its secrets, cut where it is long."""
    if isinstance(value, str):
        value = HIDDEN if holds_secret(path, value) else hide_secrets(value)
    text = _dump(value)
    if hide_secrets(text) != text:
        # A list or map with a secret somewhere in it.
        return HIDDEN
    return value if len(text) <= _LONGEST else text[:_LONGEST] + _MORE


def is_cut(value: Any) -> bool:
    """Whether `shown_value` left out so much of a value that it can be compared with nothing."""
    return isinstance(value, str) and (value == HIDDEN or (len(value) > _LONGEST and value.endswith(_MORE)))


@functools.lru_cache(maxsize=4096)  # a sweep has few writers
def _name(writer: Writer) -> str:
    """The writer without line numbers, and without folders of the machine that it is on."""
    file = writer.file
    if file is not None and posixpath.isabs(file):
        file = posixpath.basename(file)
    text = str(replace(writer, file=file, line=None))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + _MORE


def _dump(data: Any) -> str:
    """One line of ASCII, without `{{`, which the controllers of KServe and OME would run as a template."""
    text = _ENCODER.encode(data)
    return text.replace("{{", "{\\u007b")


def _load(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
