"""Servers in Kubernetes manifests and compose files: the containers, as far as a single engine's command needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from autotune.importing.command_line import read_commands
from autotune.importing.docker_run import read_size
from autotune.importing.found_server import FoundServer
from autotune.importing.refuse import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_manifest(text: str, where: str) -> list[FoundServer]:
    """Every container of every document. Raises InputError (AT042) where there is none, or the YAML is broken."""
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise refuse(f"it is no valid YAML: {str(error).splitlines()[0]}", where, "mend the file") from None
    found = [server for document in documents for server in _servers(document, where)]
    if not found:
        raise refuse("no container is described here", where, "give a Deployment, a Pod or a compose file")
    return found


def _servers(document: Any, where: str) -> Iterator[FoundServer]:
    if not isinstance(document, dict):
        return
    meta = document.get("metadata") or {}
    for name, service in (document.get("services") or {}).items():
        words = [*_words(service.get("entrypoint"), where), *_words(service.get("command"), where)]
        yield FoundServer(
            f"{where}, service {name}",
            argv=tuple(words),
            image=service.get("image"),
            name=str(name),
            shm_bytes=read_size(str(service.get("shm_size", ""))),
        )
    for container in _containers(document):
        env = {item["name"]: str(item["value"]) for item in container.get("env") or [] if "value" in item}
        argv = tuple(str(item) for key in ("command", "args") for item in container.get(key) or [])
        yield FoundServer(
            f"{where}, {document.get('kind')} {meta.get('name')}", argv=argv, env=env, image=container.get("image"),
            name=meta.get("name"), namespace=meta.get("namespace"),
        )  # fmt: skip


def _containers(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield from (item for item in node.get("containers") or [] if isinstance(item, dict))
        for value in node.values():
            yield from _containers(value)
    elif isinstance(node, list):
        for value in node:
            yield from _containers(value)


def _words(value: Any, where: str) -> list[str]:
    if value is None:
        return []
    return list(read_commands(value, where)[0].argv) if isinstance(value, str) else [str(item) for item in value]
