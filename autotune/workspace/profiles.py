"""The profiles on this machine: where they are looked for, which file counts, what it holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from autotune.diagnostics import Diagnostic, diagnostic
from autotune.layers import Entry, Profile, parse_profile, parse_yaml
from autotune.resources import folder
from autotune.workspace.files import read_text, shown


def profile_folders(environ: Mapping[str, str], cwd: Path, config_home: Path) -> tuple[Path, ...]:
    """In order of search: $AUTOTUNE_PROFILES (several, separated as in PATH), ./profiles, the user's own, the built-in ones."""
    named = [Path(part).expanduser() for part in environ.get("AUTOTUNE_PROFILES", "").split(os.pathsep) if part]
    places = [*named, cwd / "profiles", config_home / "profiles", folder("profiles")]
    return tuple(dict.fromkeys(place.resolve() for place in places))


class ProfileShelf(Mapping[str, Profile]):
    """Profiles by name, each read and checked when it is first asked for: a broken one matters only to those who use it."""

    def __init__(self, folders: Iterable[Path], variables: Mapping[str, Iterable[str]]) -> None:
        self._variables = variables
        self._folders = tuple(folders)
        self._builtin = folder("profiles").resolve()
        self._files: dict[str, list[Path]] = {}
        self._read: dict[str, tuple[tuple[Path, int], Profile]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look again which files there are, and forget what was read of those that changed."""
        files: dict[str, list[Path]] = {}
        for place in self._folders:
            for file in sorted((*place.glob("*.yaml"), *place.glob("*.yml"))):
                files.setdefault(file.stem, []).append(file)
        kept = {
            name: (stamp, profile)
            for name, (stamp, profile) in list(self._read.items())
            if name in files and stamp == _stamp(files[name][0])
        }
        self._files, self._read = files, kept

    def parse(self, name: str, text: str, shown_as: str) -> Profile:
        """The profile that this text is. Raises InputError with every mistake in it."""
        return parse_profile(name, parse_yaml(text, shown_as), self._variables)

    def __getitem__(self, name: str) -> Profile:
        """The profile. Raises KeyError for an unknown name and InputError for a file that is not well formed."""
        known = self._read.get(name)
        if known is None:
            file = self._files[name][0]
            stamp = _stamp(file)
            known = self._read[name] = (stamp, self.parse(name, read_text(file, "profile"), self._shown(file)))
        return known[1]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def path(self, name: str) -> Path:
        """The file that counts for a name. Raises KeyError."""
        return self._files[name][0]

    def entries(self) -> list[Entry]:
        """Every profile with its place, by name."""
        return [
            Entry(
                name,
                self._shown(files[0]),
                files[0].parent == self._builtin,
                tuple(self._shown(file) for file in files[1:]),
            )
            for name, files in sorted(self._files.items())
        ]

    def shadow_notes(self, names: Iterable[str]) -> list[Diagnostic]:
        """A note for each chosen profile that hides a built-in one."""
        return [
            diagnostic(
                "AT202",
                f"profile {entry.name} from {entry.file} is used instead of the built-in one",
                path="profile",
                help="rename the file to have both",
            )
            for entry in self.entries()
            if entry.name in set(names)
            and not entry.builtin
            and any(file.parent == self._builtin for file in self._files[entry.name])
        ]

    def _shown(self, file: Path) -> str:
        return f"profiles/{file.name}" if file.parent == self._builtin else shown(file)


def _stamp(file: Path) -> tuple[Path, int]:
    """What changes when a file does; the time is in ns, 0 where there is no file any more."""
    try:
        return file, file.stat().st_mtime_ns
    except OSError:
        return file, 0
