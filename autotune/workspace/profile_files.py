"""The user's own profile files: writing and removing them. Built-in ones, and those of other folders, are left alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from autotune.diagnostics import Diagnostic, InputError, diagnostic
from autotune.workspace.files import shown

if TYPE_CHECKING:
    from autotune.workspace.profiles import ProfileShelf

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
#: Words that the page has other uses for.
RESERVED = frozenset({"new", "check", "save"})


def own_folder() -> Path:
    """Where the user's profiles lie; it need not exist yet."""
    return Path(platformdirs.user_config_dir("autotune", appauthor=False)).resolve() / "profiles"


def is_own(shelf: ProfileShelf, name: str) -> bool:
    """Whether the file that counts for a name lies in the user's own folder."""
    return name in shelf and shelf.path(name).parent == own_folder()


def check_profile(shelf: ProfileShelf, name: str, text: str) -> list[Diagnostic]:
    """What keeps this text from being saved under this name; empty when nothing does."""
    found = _name_faults(shelf, name)
    try:
        shelf.parse(name or "profile", text, f"{name or 'profile'}.yaml")
    except InputError as error:
        found += error.diagnostics
    return found


def save_profile(shelf: ProfileShelf, name: str, text: str, *, replace: bool = False) -> Path:
    """Write the user's profile of that name in one step; gives its file. `replace` takes the place of one of theirs.

    Raises InputError: AT007 for a name that cannot be one or is taken, and everything that is wrong with the text; AT001
    where the folder cannot be written to.
    """
    from autotune.run.whole_file import write_whole  # with the runs, which no other verb of profiles needs

    found = check_profile(shelf, name, text)
    if not found and is_own(shelf, name) and not replace:
        found.append(diagnostic("AT007", f"there is a profile {name} of yours already", help="edit that one, or choose another name"))  # fmt: skip
    if found:
        raise InputError(*found)
    path = shelf.path(name) if is_own(shelf, name) else own_folder() / f"{name}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.replace("\r\n", "\n").rstrip("\n") + "\n")
    except OSError as error:
        raise InputError(_unwritable(path, error)) from None
    shelf.refresh()
    return path


def remove_profile(shelf: ProfileShelf, name: str) -> Path:
    """Remove the user's profile of that name; gives the file that was. Raises InputError (AT007, AT001)."""
    if not is_own(shelf, name):
        raise InputError(diagnostic("AT007", f"profile {name} is none of your own", help=f"only those in {shown(own_folder())} can be removed here"))  # fmt: skip
    path = shelf.path(name)
    try:
        path.unlink()
    except OSError as error:
        raise InputError(_unwritable(path, error)) from None
    shelf.refresh()
    return path


def _name_faults(shelf: ProfileShelf, name: str) -> list[Diagnostic]:
    if not _NAME.fullmatch(name) or name in RESERVED:
        said = f"{name[:80]!r} cannot be the name of a profile" if name else "the profile has no name"
        return [diagnostic("AT007", said, help="small letters, digits, _ and -, at most 64, beginning with a letter or digit")]  # fmt: skip
    if name in shelf and not is_own(shelf, name):
        entry = next(item for item in shelf.entries() if item.name == name)
        whose = "built in" if entry.builtin else f"in {entry.file}"
        return [diagnostic("AT007", f"profile {name} is {whose}, and is not overwritten", help="choose another name; `extends` takes over its layers")]  # fmt: skip
    return []


def _unwritable(path: Path, error: OSError) -> Diagnostic:
    return diagnostic("AT001", f"{shown(path)} cannot be written: {(error.strerror or str(error)).lower()}",
                      help="check the rights of the folder")  # fmt: skip
