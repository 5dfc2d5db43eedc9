"""autotune results import FOLDER: what load clients measured by themselves, into the store."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from autotune.bench.result_folder import READERS, SUFFIXES, FoundServer, read_folder
from autotune.cli.output import print_diagnostics, print_json
from autotune.diagnostics import Diagnostic, InputError, diagnostic
from autotune.run.raw_output import hide_secrets
from autotune.store import RawFile, Store
from autotune.store.imported import import_fingerprint, imported_run, point_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: A larger file is no summary of a benchmark.
_MAX_BYTES = 64 * 2**20


class _Found(NamedTuple):
    """What one tool left in one folder: its servers by point id, and the bytes that they were read from."""

    folder: Path
    servers: dict[str, FoundServer]
    files: Mapping[str, bytes]


def import_results(folders: Sequence[str], store: Store, *, gpus: int, form: str) -> int:
    """Read every folder, then store what is new, one run for each tool in a folder. Raises InputError (AT046) with
    every folder that holds no results; nothing is stored then.
    """
    found: list[_Found] = []
    wrong: list[Diagnostic] = []
    for name in folders:
        try:
            found += _read(Path(name).expanduser(), gpus)
        except InputError as error:
            wrong += error.diagnostics
    if wrong:
        raise InputError(*wrong)
    print_diagnostics(
        diagnostic("AT121", text, help="measure again, or keep that in mind when comparing")
        for item in found
        for server in item.servers.values()
        for text in server.warnings
    )
    said = [_store(item, store, gpus) for item in found]
    if form == "json":
        print_json(said)
    else:
        sys.stdout.writelines(f"{_words(item)}\n" for item in said)
    return 0


def _read(folder: Path, gpus: int) -> list[_Found]:
    if not folder.exists():
        raise InputError(diagnostic("AT046", f"{folder} is not there", help="name a folder that a load client wrote"))
    files = dict(_files(folder))
    texts = {name: content.decode("utf-8", "replace") for name, content in files.items()}
    servers = [
        server for server in read_folder(texts, gpus) if server.measurements or server.problems or server.warnings
    ]
    if not any(server.measurements or server.problems for server in servers):
        broken = [text for server in servers for text in server.warnings]
        raise InputError(
            diagnostic(
                "AT046",
                f"{folder} holds no results of a load client that are understood"
                + "".join(f"; {text}" for text in broken),
                help=f"name the folder that one of {', '.join(READERS)} wrote its JSON into",
            )
        )
    tools = dict.fromkeys(server.tool for server in servers)
    return [
        _Found(folder, {point_id(server, files, gpus): server for server in servers if server.tool == tool}, files)
        for tool in tools
    ]


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files that may be results, by their paths below the folder; the folder may be a single file."""
    paths = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    for path in paths:
        if path.suffix not in SUFFIXES or not path.is_file() or path.stat().st_size > _MAX_BYTES:
            continue
        try:
            yield path.name if path == folder else path.relative_to(folder).as_posix(), path.read_bytes()
        except OSError as error:
            raise InputError(
                diagnostic("AT046", f"{path} cannot be read: {(error.strerror or str(error)).lower()}",
                           help="give yourself the right to read it")
            ) from None  # fmt: skip


def _store(found: _Found, store: Store, gpus: int) -> dict[str, Any]:
    servers = {name: server for name, server in found.servers.items() if server.measurements or server.problems}
    known = store.runs_with(servers)
    new = {name: server for name, server in servers.items() if name not in known}
    first = next(iter(servers.values()))
    said: dict[str, Any] = {
        "folder": str(found.folder),
        "tool": first.tool,
        "version": first.version,
        "run_id": max(known.values(), default=None),
        "done": 0,
        "failed": 0,
        "known": len(known),
    }
    if not new:
        return said
    now = datetime.now(UTC)
    run_id = _free_id(store, f"{now:%Y%m%d-%H%M%S}-{import_fingerprint(new)[:6]}")
    run, results = imported_run(
        new, folder=str(found.folder.absolute()), host=platform.node(), gpus=gpus,
        now=now.isoformat(timespec="seconds"), run_id=run_id,
    )  # fmt: skip
    raw = {
        result.point_id: [
            RawFile.of(name, hide_secrets(found.files[name], os.environ)) for name in new[result.point_id].sources
        ]
        for result in results
    }
    store.save_run(run, [(result, raw[result.point_id]) for result in results])
    failed = sum(result.status == "failed" for result in results)
    return said | {"run_id": run_id, "done": len(results) - failed, "failed": failed}


def _free_id(store: Store, name: str) -> str:
    number, free = 1, name
    while store.has_run(free):
        number += 1
        free = f"{name}-{number}"
    return free


def _words(said: Mapping[str, Any]) -> str:
    tool = " ".join(filter(None, (said["tool"], said["version"])))
    if not said["done"] + said["failed"]:
        return f"{said['folder']}: all {said['known']} of {tool} are known already, in run {said['run_id']}"
    known = f", {said['known']} known already" if said["known"] else ""
    return f"run {said['run_id']}: {tool} from {said['folder']}: {said['done']} done, {said['failed']} failed{known}"
