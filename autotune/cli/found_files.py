"""Servers in files that people name: manifests, emitted scripts, folders of them, and what is piped in."""

from __future__ import annotations

import posixpath
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.importing.command_line import read_command
from autotune.importing.layered_files import build_layers
from autotune.importing.manifest import parse_manifest, read_config_maps, read_documents
from autotune.importing.script import is_emitted_script, read_script
from autotune.workspace.files import read_text, shown

if TYPE_CHECKING:
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
    manifests = {
        file.relative_to(path).as_posix(): parse_manifest(text, shown(file))
        for file, text in texts.items()
        if not text.startswith("#!")
    }
    config_maps: dict[str, dict[str, dict[str, str]]] = {}
    for name, documents in manifests.items():
        config_maps.setdefault(posixpath.dirname(name), {}).update(read_config_maps(documents))
    built = build_layers(manifests)
    found: list[FoundServer] = []
    for file, text in texts.items():
        name = file.relative_to(path).as_posix()
        if name not in manifests:
            found += read_found(text, shown(file)) or []
        elif name not in built.used:
            found += read_documents(manifests[name], shown(file), config_maps[posixpath.dirname(name)])
    for name, documents in built.documents.items():
        found += read_documents(documents, shown(path / name))
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


def read_found(text: str, where: str) -> list[FoundServer] | None:
    """The servers in a text, None where there are none. Raises InputError (AT001) for broken YAML, AT044 for a manifest of
    other things.
    """
    if is_emitted_script(text):
        return read_script(text, where) or None
    if text.startswith("#!"):
        return [read_command(text, where)]
    documents = parse_manifest(text, where)
    found = read_documents(documents, where)
    if (
        not found
        and documents
        and all(isinstance(item, dict) and {"apiVersion", "kind"} <= set(item) for item in documents)
    ):
        raise InputError(
            diagnostic(
                "AT044",
                f"{where} holds no server: {', '.join(str(item['kind']) for item in documents)}",
                writer=Writer(Source.USER, where),
                help="give the manifest of the workload, or the folder that it is in",
            )
        )
    return found or None


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
