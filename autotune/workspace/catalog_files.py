"""The user's own models and GPUs: where they are looked for, what the files hold, and what they take the place of."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import platformdirs

from autotune.catalog import Catalog, builtin_catalog, extend_catalog
from autotune.diagnostics import Diagnostic, InputError, Source, Writer, diagnostic, suggest
from autotune.layers import parse_yaml
from autotune.workspace.files import read_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from autotune.layers import YamlSource

Kind = Literal["models", "gpus"]

#: Folder and key of either kind, and the key that names a lone entry.
_KINDS: dict[Kind, str] = {"models": "id", "gpus": "name"}
#: Other people's YAML lies in folders called `catalog` too; only files that speak of models or GPUs are read there.
_SPEAKS = re.compile(r"^[\"']?(models?|gpus?)[\"']?\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class UserEntry:
    """One entry that counts: its name, where it stands, and whether a built-in one is hidden by it."""

    kind: Kind
    name: str
    file: str
    line: int | None
    shadows: bool


@dataclass(frozen=True, slots=True)
class UserCatalog:
    """Everything known, built-in and the user's own, and which entries are the user's."""

    catalog: Catalog
    entries: tuple[UserEntry, ...] = ()

    def entry(self, kind: Kind, name: str) -> UserEntry | None:
        """The user's entry of that name; None for a built-in one."""
        return next((item for item in self.entries if (item.kind, item.name) == (kind, name)), None)


def user_folder() -> Path:
    """The user's own catalog folder."""
    return Path(platformdirs.user_config_dir("autotune", appauthor=False)) / "catalog"


def catalog_folders(environ: Mapping[str, str], cwd: Path, own: Path) -> tuple[Path, ...]:
    """In order of search: $AUTOTUNE_CATALOG (several, separated as in PATH), ./catalog, the user's own."""
    named = [Path(part).expanduser() for part in environ.get("AUTOTUNE_CATALOG", "").split(os.pathsep) if part]
    return tuple(dict.fromkeys(place.resolve() for place in (*named, cwd / "catalog", own)))


def load_catalog(folders: Iterable[Path] | None = None) -> UserCatalog:
    """The built-in catalog with the user's entries in place of those of the same name; the folder found first counts.

    Raises InputError with every mistake in every file: AT001 not YAML, AT002 unknown key, AT003 wrong value, AT010 and AT011
    an unknown `like`.
    """
    places = catalog_folders(os.environ, Path.cwd(), user_folder()) if folders is None else folders
    reader = _Reader(builtin_catalog())
    for place in places:
        reader.read_folder(place)
    if reader.found:
        raise InputError(*reader.found)
    return UserCatalog(reader.catalog, tuple(reader.entries))


class _Reader:
    def __init__(self, builtin: Catalog) -> None:
        self.catalog = self.builtin = builtin
        self.entries: list[UserEntry] = []
        self.found: list[Diagnostic] = []

    def read_folder(self, place: Path) -> None:
        here: set[tuple[Kind, str]] = set()
        for file, kind in _files(place):
            try:
                text = read_text(file, "catalog file")
                if kind is not None or _SPEAKS.search(text):
                    self._read_file(parse_yaml(text, shown(file)), file.stem, kind, here)
            except InputError as error:
                self.found += error.diagnostics

    def _read_file(self, source: YamlSource, stem: str, kind: Kind | None, here: set[tuple[Kind, str]]) -> None:
        data = source.data
        if kind is not None and not (isinstance(data, dict) and _KINDS.keys() & data.keys()):
            name = data.get(_KINDS[kind], stem) if isinstance(data, dict) else stem
            rest = (
                {key: value for key, value in data.items() if key != _KINDS[kind]} if isinstance(data, dict) else data
            )
            self._add(kind, name, rest, source, (), here)
            return
        for key, entries in data.items():
            if key not in _KINDS:
                self._wrong(
                    "AT002", f"{source.name} has an unknown key `{key}`", source, (key,), suggest(str(key), _KINDS)
                )
            elif not isinstance(entries, dict):
                self._wrong(
                    "AT003",
                    f"`{key}` must be a map of entries by name",
                    source,
                    (key,),
                    "write `NAME:` and its facts below",
                )
            else:
                for name, entry in entries.items():
                    self._add(key, name, entry, source, (key, name), here)

    def _add(  # noqa: PLR0917 - all of them needed to say where a mistake is
        self, kind: Kind, name: Any, entry: Any, source: YamlSource, path: tuple[str, ...], here: set[tuple[Kind, str]]
    ) -> None:
        from autotune.catalog.user_entries import gpu_from_entry, model_from_entry

        def locate(key: tuple[str, ...]) -> Writer:
            return Writer(Source.USER, source.name, source.line(*path, *key) or 1)

        if not isinstance(name, str) or not name or name != name.strip():
            help_line = "a Hub name such as org/name, or a name of your own"
            self._wrong("AT003", f"the name of an entry is {name!r}", source, (*path, _KINDS[kind]), help_line)
            return
        if (kind, name) in here:
            help_line = "keep one of the two, or rename it"
            self._wrong("AT003", f"`{name}` is described twice in one folder", source, path, help_line)
            return
        here.add((kind, name))
        try:
            if kind == "models":
                made: dict[str, Any] = {"models": [model_from_entry(name, entry, self.catalog, locate)]}
            else:
                made = {"gpus": [gpu_from_entry(name, entry, self.catalog, locate)]}
        except InputError as error:
            self.found += error.diagnostics
            return
        if any((item.kind, item.name) == (kind, name) for item in self.entries):
            return
        self.catalog = extend_catalog(self.catalog, **made)
        shadows = name in (self.builtin.models if kind == "models" else self.builtin.gpus)
        self.entries.append(UserEntry(kind, name, source.name, locate(()).line, shadows))

    def _wrong(self, code: str, message: str, source: YamlSource, path: tuple[str, ...], help_line: str) -> None:
        writer = Writer(Source.USER, source.name, source.line(*path) or 1)
        self.found.append(diagnostic(code, message, writer=writer, help=help_line))


def _files(place: Path) -> Iterator[tuple[Path, Kind | None]]:
    """The YAML files of one folder, each with the kind that its own folder says; `like` knows the entries read before."""
    for kind in _KINDS:
        yield from ((file, kind) for file in sorted((*(place / kind).glob("*.yaml"), *(place / kind).glob("*.yml"))))
    yield from ((file, None) for file in sorted((*place.glob("*.yaml"), *place.glob("*.yml"))))
