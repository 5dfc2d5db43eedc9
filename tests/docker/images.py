"""Images made of nothing, for machines without a registry: they borrow this machine's /usr and Python environments."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import docker

#: Where a container of a linked image expects this machine's root folder.
HOST_ROOT = "/host"

_FOLDERS = ("dev", "etc", "proc", "root", "run", "sys", "tmp", "usr", "var/tmp")
_INTO_USR = ("bin", "lib", "lib64", "sbin")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def borrowed_folders(*bins: Path) -> list[Path]:
    """What a container needs of this machine to run commands of these venvs: /usr, the venvs, and the Pythons they were
    made with where those lie elsewhere (pyenv, uv).
    """
    wanted = [Path("/usr")]
    for folder in bins:
        wanted.append(folder.parent.absolute())
        python = folder / "python"
        while python.is_symlink():  # each link by itself: the container must be able to follow every one
            python = python.parent / python.readlink()
            wanted.append(python.parents[1].absolute())
    kept: list[Path] = []
    for path in wanted:
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def import_image(
    client: docker.DockerClient,
    name: str,
    *,
    links: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    path: Iterable[str] = (),
) -> str:
    """Import an image with an empty root, the links (place -> target) and executable files (place -> text); returns its id.

    Its PATH is `path` before the system's own.
    """
    links = dict(links or {})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        made: set[str] = set()
        for folder in _FOLDERS:
            if f"/{folder}" not in links:
                _add_folder(tar, folder, made)
        for folder in _INTO_USR:
            _add_link(tar, folder, f"usr/{folder}", made)
        for place, target in links.items():
            _add_link(tar, place.lstrip("/"), target, made)
        for place, text in (files or {}).items():
            _add_file(tar, place.lstrip("/"), text.encode(), made)
    joined = ":".join([*path, SYSTEM_PATH])
    client.api.import_image_from_data(buffer.getvalue(), repository=name, tag="latest", changes=[f"ENV PATH={joined}"])
    return client.images.get(name).id


def linked(folders: Iterable[Path]) -> dict[str, str]:
    """Links from where folders of this machine are to where they appear below HOST_ROOT."""
    return {str(folder): f"{HOST_ROOT}{folder}" for folder in folders}


def _add_folder(tar: tarfile.TarFile, name: str, made: set[str]) -> None:
    for folder in [*reversed(PurePosixPath(name).parents), PurePosixPath(name)]:
        if str(folder) == "." or str(folder) in made:
            continue
        made.add(str(folder))
        entry = tarfile.TarInfo(str(folder))
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder.name == "tmp" else 0o755
        tar.addfile(entry)


def _add_link(tar: tarfile.TarFile, name: str, target: str, made: set[str]) -> None:
    _add_folder(tar, str(PurePosixPath(name).parent), made)
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _add_file(tar: tarfile.TarFile, name: str, text: bytes, made: set[str]) -> None:
    _add_folder(tar, str(PurePosixPath(name).parent), made)
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text), 0o755
    tar.addfile(entry, io.BytesIO(text))
