"""Text of any kind to the servers in it: a command, a script, a manifest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autotune.importing.command_line import read_commands
from autotune.importing.manifest import read_manifest
from autotune.importing.refuse import refuse

if TYPE_CHECKING:
    from autotune.importing.found_server import FoundServer

#: JSON, or a line that only a Kubernetes-like manifest, the values of a chart of them or a Compose file has.
_MANIFEST = re.compile(r"\A\s*(?:\[|\{\s*[\"}])|^ *(?:apiVersion|kind)\s*:|^(?:services|items)\s*:", re.MULTILINE)
#: `kubectl apply -f - <<EOF` and what follows it.
_HERE = re.compile(r"^[ \t]*(?:kubectl|oc) [^\n]*<<", re.MULTILINE)
_TASK = re.compile(r"^(?:task_name|base_runtime)\s*:|^\s*\"(?:task_name|base_runtime)\"\s*:", re.MULTILINE)
_V2_TASK = re.compile(r"^version: 2$", re.MULTILINE)


def read_servers(text: str, where: str) -> list[FoundServer]:
    """Every server that a text starts, whatever kind of text it is.

    Raises InputError: AT042 where it starts none or cannot be read, AT001 for broken YAML.
    """
    if not text.strip():
        raise refuse("there is nothing in it", where, 'give a command: autotune import "vllm serve MODEL ..."')
    if "\0" in text:
        raise refuse("the text holds a NUL byte", where, "give text: a command, a script or a manifest")
    if text.startswith("#!") or _HERE.search(text):
        # Scripts of autotune are shell like any other.
        return read_commands(text, where)
    if _TASK.search(text):
        raise refuse("this is a v1 task", where, "`autotune migrate FILE` brings those along")
    if _MANIFEST.search(text):
        found = read_manifest(text, where)
        if not found:
            raise refuse(
                "no container is described here",
                where,
                "give a Deployment, a Pod, a Compose file, or what `docker inspect` prints",
            )
        return found
    if _V2_TASK.search(text):
        raise refuse("this is a task of autotune already", where, "`autotune check FILE` reads it")
    return read_commands(text, where)
