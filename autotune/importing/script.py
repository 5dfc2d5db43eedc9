"""The scripts that autotune emits, read back: `shell.sh` and `docker.sh`, as templates/ has them.

They are taken apart by the few rules that they are written by, single quotes and backslashes at the ends of lines, and nothing
of them is run. Whatever else a person has added is passed over.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autotune.emit.heading import MADE_BY
from autotune.engines.deployment import SecretRef, Volume
from autotune.engines.provenance import PREFIX
from autotune.importing.found_server import FoundServer
from autotune.importing.sizes import read_docker_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SECRET = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*):\?[^}]*\}")
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)
#: How `docker.sh` names the folder that it writes config files to.
_FILES = "$files"
#: Options of `docker run` that `docker.sh` gives without a value.
_BARE = frozenset({"--rm"})


def is_emitted_script(text: str) -> bool:
    """Whether a text begins as the scripts of autotune do."""
    return text.startswith("#!") and MADE_BY in text.split("\n", 3)[1:2]


def read_script(text: str, where: str) -> list[FoundServer]:
    """The server that an emitted script starts; empty where it starts none."""
    script = _Script()
    for words in _commands(text):
        script.take(words)
    if not script.command:
        return []
    notes = _heading(text)
    if script.command[:2] == ["docker", "run"]:
        return [_container(script, where, notes)]
    return [
        FoundServer(
            where=where,
            argv=tuple(script.command),
            env=script.env,
            name=notes.get("name"),
            files=script.files,
            secrets=tuple(SecretRef(name, None, name) for name in script.secrets),
            annotations={key: value for key, value in notes.items() if key.startswith(PREFIX)},
        )
    ]


@dataclass
class _Script:
    """What a script's commands do, in the order in which they stand."""

    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def take(self, words: list[str]) -> None:
        match words:
            case [":", reference] if hit := _SECRET.fullmatch(reference):
                self.secrets.append(hit["name"])
            case ["export", assignment] if hit := _ASSIGNMENT.fullmatch(assignment):
                self.env[hit["name"]] = hit["value"]
            case ["printf", "%s", text, ">", path]:
                self.files[path.removeprefix(_FILES)] = text
            case ["exec", *command]:
                self.command = command


def _container(script: _Script, where: str, notes: dict[str, str]) -> FoundServer:
    options, image, arguments = _options(script.command[2:])
    labels = dict(value.partition("=")[::2] for value in options.get("--label", ()))
    given = [item.partition("=") for item in options.get("--env", ())]
    names = options.get("--name", [])
    count = next(iter(options.get("--gpus", ())), "")
    resource = "nvidia.com/gpu" if count else "amd.com/gpu" if "/dev/kfd" in options.get("--device", ()) else None
    return FoundServer(
        where=where,
        argv=(*options.get("--entrypoint", ()), *arguments),
        env={name: value for name, equals, value in given if equals},
        image=image,
        name=names[0] if names else None,
        gpus=int(count) if count.isdigit() else None,
        gpu_resource=resource,
        shm_bytes=read_docker_size(next(iter(options.get("--shm-size", ())), "")),
        files=script.files,
        volumes=tuple(_volumes(options.get("--mount", ()))),
        secrets=tuple(SecretRef(name, None, name) for name in script.secrets),
        labels=labels,
        annotations={key: value for key, value in notes.items() if key.startswith(PREFIX)} | labels,
    )


def _options(words: Sequence[str]) -> tuple[dict[str, list[str]], str | None, list[str]]:
    """Options with their values, the image, and what follows it."""
    options: dict[str, list[str]] = {}
    rest = list(words)
    while rest and rest[0].startswith("-"):
        name, equals, value = rest.pop(0).partition("=")
        if name in _BARE:
            continue
        options.setdefault(name, []).append(value if equals else rest.pop(0) if rest else "")
    return options, rest[0] if rest else None, rest[1:]


def _volumes(mounts: Sequence[str]) -> Iterator[Volume]:
    for number, mount in enumerate(mounts):
        fields = dict(item.partition("=")[::2] for item in next(csv.reader([mount]), []))
        name, target, read_only = f"volume-{number}", fields.get("target", ""), "readonly" in fields
        source = fields.get("source")
        if source is not None and source.startswith(_FILES):
            continue  # the config files that the script itself has written
        if fields.get("type") == "bind":
            yield Volume(name, target, host_path=source, read_only=read_only)
        elif fields.get("type") == "tmpfs":
            yield Volume(name, target, medium="Memory", size_bytes=read_docker_size(fields.get("tmpfs-size", "")))
        elif source is not None:
            yield Volume(name, target, pvc=source, sub_path=fields.get("volume-subpath"), read_only=read_only)
        else:
            yield Volume(name, target, medium="")


def _heading(text: str) -> dict[str, str]:
    """`# key: value` lines of the comment at the top."""
    notes: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        if not line.startswith("# "):
            break
        key, colon, value = line[2:].partition(": ")
        if colon:
            notes.setdefault(key, value)
    return notes


def _commands(text: str) -> Iterator[list[str]]:
    """Commands as lists of words, their quotes undone; a redirection's `>` is a word of its own, and comments are left out."""
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "'":
            end = text.find("'", at)
            end = len(text) if end < 0 else end
            word, at = (word or "") + text[at:end], end + 1
        elif letter == '"':
            # Emitted scripts have nothing in double quotes but their own variables and a single quote.
            end = text.find('"', at)
            end = len(text) if end < 0 else end
            word, at = (word or "") + text[at:end], end + 1
        elif letter == "\\":
            if text[at : at + 1] != "\n":
                word = (word or "") + text[at : at + 1]
            at += 1
        elif letter in " \t\n" or (letter == "#" and word is None):
            if word is not None:
                words.append(word)
                word = None
            if letter == "#":
                end = text.find("\n", at)
                at = len(text) if end < 0 else end
            elif letter == "\n" and words:
                yield words
                words = []
        else:
            word = (word or "") + letter
    if word is not None:
        words.append(word)
    if words:
        yield words
