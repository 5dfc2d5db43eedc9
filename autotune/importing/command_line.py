"""Servers on command lines: shell text, or words that a shell has read already."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from autotune.diagnostics import holds_secret
from autotune.engines.deployment import SecretRef
from autotune.importing.docker_run import is_docker_run, read_docker_run
from autotune.importing.found_server import FoundServer
from autotune.importing.launch import base_name, find_launch, find_script
from autotune.importing.manifest import read_manifest
from autotune.importing.refuse import refuse, shorten
from autotune.importing.shell_text import ASSIGNMENT, Simple, read_shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Commands that start another one, which may stand before the engine's.
_WRAPPERS = frozenset({
    "env", "exec", "nohup", "command", "time", "sudo", "setsid", "nice", "ionice", "stdbuf", "numactl", "taskset", "timeout",
    "unbuffer", "mpirun", "mpiexec", "srun", "trtllm-llmapi-launch", "uv", "uvx", "poetry", "pipenv", "conda", "micromamba",
    "pixi", "nsys", "ray", "tini", "dumb-init", "then", "do", "else", "if", "while", "until", "{", "!", "docker", "podman",
    "nerdctl",
})  # fmt: skip
#: Those that change nothing about the server.
_PLAIN = frozenset({"env", "exec", "nohup", "command", "time", "setsid", "then", "do", "else", "{", "!"})
_EXPORTS = frozenset({"export", "declare", "typeset"})


def read_command(text_or_words: str | Sequence[str], where: str) -> FoundServer:
    """The one server that a command line starts. Raises InputError (AT042) where it starts none, or several."""
    found = read_commands(text_or_words, where)
    if len(found) > 1:
        raise refuse(f"{len(found)} servers are started here", where, "give one of the commands at a time")
    return found[0]


def read_commands(text_or_words: str | Sequence[str], where: str) -> list[FoundServer]:
    """Every server that a command line or script starts, in order.

    `export` and `VAR=value` before a command are its environment; a here-document that `cat` writes to a file is one of its
    files. Other commands are kept as text in `unread`. Raises InputError (AT042) where no engine is started.
    """
    if isinstance(text_or_words, str):
        shell = read_shell(text_or_words, where)
        commands, notes = shell.commands, shell.notes
    else:
        commands, notes = (Simple(tuple(text_or_words)),), ()
    env: dict[str, str] = {}
    files: dict[str, str] = {}
    found: list[FoundServer] = []
    secrets: list[SecretRef] = []
    beside: list[str] = list(notes)
    for command in commands:
        server = _server(command, where)
        if (applied := _applied(command)) is not None:
            found += read_manifest(applied, where)
        elif server is not None:
            found.append(_with_exports(server, env, files))
        elif command.words and command.words[0] in _EXPORTS:
            env |= dict(_assigned(command.words[1:]))
            for name in command.words[1:]:
                if name.isidentifier():
                    # A variable of the caller's: a secret is referred to, of anything else the value is not known.
                    secret = holds_secret(name, "unknown")
                    secrets += [SecretRef(name, None, name)] if secret else []
                    beside += [] if secret else [f"export {name}"]
        elif (written := _file(command)) is not None:
            files[written[0]] = written[1]
        elif command.words and command.words[0].startswith("-"):
            raise refuse(
                f"`{_shown(command.words)}` is a line of its own",
                where,
                "end the line before it with a backslash, or write the command on one line",
            )
        elif not (command.words and all(ASSIGNMENT.fullmatch(word) for word in command.words)):
            beside.append(_shown(command.words))
    if not found:
        raise _nothing(commands, where)
    return [
        replace(
            server,
            unread=(*beside, *server.unread),
            # Into a container goes only what its command names.
            secrets=server.secrets if server.image else (*secrets, *server.secrets),
        )
        for server in found
    ]


def _server(command: Simple, where: str) -> FoundServer | None:
    words = list(command.words)
    env: dict[str, str] = {}
    while words and (assigned := ASSIGNMENT.fullmatch(words[0])):
        env[assigned[1]] = assigned[2]
        words.pop(0)
    at = _begin(words)
    if at is None:
        return None
    before, unread = words[:at], []
    kept: list[str] = []
    for index, word in enumerate(before):
        assigned = ASSIGNMENT.fullmatch(word)
        if assigned and any(base_name(item) == "env" for item in before[:index]):
            env[assigned[1]] = assigned[2]
        elif base_name(word) not in _PLAIN:
            kept.append(word)
    if kept:
        unread.append(_shown(kept))
    unread += [f"{operator} {_shown([target])}" for operator, target in command.redirections if operator != "<<"]
    if is_docker_run(words[at:]):
        server = read_docker_run(words[at:], where)
        # What the shell's own variables are does not reach into a container.
        unread += [f"{name}=... for the docker command itself" for name in env]
        env = {}
    else:
        server = FoundServer(where, argv=tuple(words[at:]))
    return replace(server, env=env | server.env, unread=(*unread, *server.unread))


def _with_exports(server: FoundServer, env: dict[str, str], files: dict[str, str]) -> FoundServer:
    """The server with what the commands before it set up; a container has of it the files that are mounted."""
    if server.image is None:
        return replace(server, env=env | server.env, files=files | server.files)
    mounted = {volume.mount_path: files[volume.host_path] for volume in server.volumes if volume.host_path in files}
    volumes = tuple(volume for volume in server.volumes if volume.host_path not in files)
    return replace(server, files=mounted | server.files, volumes=volumes)


def _begin(words: list[str]) -> int | None:
    """Where the engine's own command, a container's or a shell's text begins; only wrappers may stand before it."""
    docker = next((index for index in range(len(words)) if is_docker_run(words[index:])), None)
    launch, script = find_launch(words), find_script(words)
    starts = [docker, None if launch is None else launch.begin, None if script is None else script[0]]
    at = min((item for item in starts if item is not None), default=None)
    if at is None or (at and base_name(words[0]) not in _WRAPPERS):
        return None
    if script is not None and at == script[0] and not _starts_engine(script[1]):
        return None
    return at


def _starts_engine(text: str) -> bool:
    """Whether a shell's text seems to start an engine; it is read in full later."""
    return find_launch(text.replace("\\\n", " ").split()) is not None or " run " in text


def _assigned(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        if found := ASSIGNMENT.fullmatch(word):
            yield found[1], found[2]


def _file(command: Simple) -> tuple[str, str] | None:
    """The file that `cat > FILE <<EOF`, `tee FILE <<EOF` or `printf '%s' TEXT > FILE` writes, and its text."""
    printed = command.words[2] if len(command.words) == 3 and command.words[:2] == ("printf", "%s") else None
    target = next((name for operator, name in command.redirections if operator in (">", ">|")), None)
    if printed is not None and target is not None:
        return target, printed
    text = next((body for operator, body in command.redirections if operator == "<<"), None)
    if text is None or not command.words:
        return None
    if base_name(command.words[0]) == "cat" and len(command.words) == 1 and target is not None:
        return target, text
    names = [word for word in command.words[1:] if not word.startswith("-")]
    return (names[0], text) if base_name(command.words[0]) == "tee" and len(names) == 1 else None


def _applied(command: Simple) -> str | None:
    """The manifest that `kubectl apply -f - <<EOF` is given."""
    if not command.words or base_name(command.words[0]) not in ("kubectl", "oc"):
        return None
    return next((body for operator, body in command.redirections if operator == "<<"), None)


def _nothing(commands: Sequence[Simple], where: str) -> Exception:
    first = next((command.words for command in commands if command.words), ())
    if not first:
        return refuse("there is no command", where, 'give one: autotune import "vllm serve MODEL ..."')
    return refuse(
        f"`{shorten(' '.join(first[:3]))}` starts no engine that is known here",
        where,
        "known: vllm serve, python -m sglang.launch_server, trtllm-serve, transformers serve, and docker run of their images",
    )


def _shown(words: Sequence[str]) -> str:
    return shorten(shlex.join(words))
