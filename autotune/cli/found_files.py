"""Servers in files that people name: manifests, emitted scripts, folders of them, and what is piped in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.importing.command_line import read_command
from autotune.importing.manifest import read_config_maps, read_manifest
from autotune.importing.script import is_emitted_script, read_script
from autotune.workspace.files import read_text, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autotune.importing.found_server import FoundServer

STDIN = "standard input"
_SUFFIXES = (".yaml", ".yml", ".json", ".sh")


def read_named(name: str) -> list[FoundServer]:
    """The servers in a file, a folder, or `-` for standard input. Raises InputError as `read_servers`, AT044 for none."""
    found = read_found(sys.stdin.read(), STDIN) if name == "-" else read_servers(Path(name).expanduser())
    if found is None:
        what = STDIN if name == "-" else name
        raise InputError(
            diagnostic(
                "AT044",
                f"{what} holds no server",
                writer=Writer(Source.USER, what),
                help="give a manifest, an emitted script, or what `kubectl get -o yaml` or `docker inspect` prints",
            )
        )
    return found


def read_servers(path: Path) -> list[FoundServer] | None:
    """The servers in a file or in all files of a folder; None for a file that holds none, as a task file does.

    Raises InputError: AT001 for what cannot be read, AT044 for a folder without a server.
    """
    if not path.is_dir():
        return read_found(read_text(path, "file"), shown(path))
    texts = {file: read_text(file, "file") for file in _files(path)}
    config_maps: dict[Path, dict[str, dict[str, str]]] = {}
    for file, text in texts.items():
        if "ConfigMap" in text and not text.startswith("#!"):
            config_maps.setdefault(file.parent, {}).update(read_config_maps(text, shown(file)))
    found: list[FoundServer] = []
    for file, text in texts.items():
        found += read_found(text, shown(file), config_maps.get(file.parent)) or []
    if not found:
        raise InputError(
            diagnostic(
                "AT044",
                f"{shown(path)} holds no server",
                writer=Writer(Source.USER, str(path)),
                help="name a folder with manifests or emitted scripts in it (.yaml, .json, .sh)",
            )
        )
    return found


def read_found(
    text: str, where: str, config_maps: Mapping[str, Mapping[str, str]] | None = None
) -> list[FoundServer] | None:
    """The servers in a text, None where there are none; `config_maps` are those of the files beside it.

    Raises InputError (AT001) for broken YAML.
    """
    if is_emitted_script(text):
        return read_script(text, where) or None
    if text.startswith("#!"):
        return [read_command(text, where)]
    return read_manifest(text, where, config_maps) or None


def _files(folder: Path) -> list[Path]:
    """Files that may hold a server. What a chart's templates print stands in its values."""
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and file.suffix in _SUFFIXES
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        and not (file.parent.name == "templates" and (file.parent.parent / "Chart.yaml").is_file())
    ]
