"""From a found server to the engine's own command: through `sh -c`, wrappers and an image's entry point."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from autotune.importing.command_line import read_command
from autotune.importing.launch import engine_of_image, find_launch, find_script
from autotune.importing.refuse import refuse, shorten
from autotune.importing.shell_text import ASSIGNMENT

if TYPE_CHECKING:
    from autotune.importing.found_server import FoundServer

#: A shell in a shell in a shell is nobody's manifest.
_DEEPEST = 3


class EngineCommand(NamedTuple):
    """The engine, the words after its command, and the server with what its shell and wrappers said."""

    engine: str
    words: tuple[str, ...]
    server: FoundServer


def unwrap(server: FoundServer, engine: str | None = None) -> EngineCommand:
    """The engine's command of a server; `engine` answers for an image whose name says none.

    Raises InputError (AT042) where no engine is started.
    """
    for _ in range(_DEEPEST):
        script = find_script(server.argv)
        if script is None:
            break
        inner = read_command(script[1], server.where)
        wrappers = [shlex.join(server.argv[: script[0]])] if script[0] else []
        server = replace(
            server,
            argv=inner.argv,
            env=server.env | inner.env,
            files=server.files | inner.files,
            unread=(*server.unread, *wrappers, *inner.unread),
        )
        if inner.image is not None:
            raise refuse("a container that starts a container", server.where, "give the inner command alone")
    launch = find_launch(server.argv)
    if launch is not None:
        before = server.argv[: launch.begin]
        env = {item[1]: item[2] for word in before if (item := ASSIGNMENT.fullmatch(word))}
        rest = [word for word in before if not ASSIGNMENT.fullmatch(word) and word not in ("env", "exec", "--")]
        unread = (*server.unread, shorten(shlex.join(rest))) if rest else server.unread
        server = replace(server, env=server.env | env, unread=unread, argv=server.argv[launch.begin :])
        return EngineCommand(launch.engine, server.argv[launch.arguments - launch.begin :], server)
    named = engine_of_image(server.image) or engine
    # An image's entry point is the engine's command; what follows are its arguments, with or without `serve`.
    if named is not None and (not server.argv or server.image is not None):
        words = server.argv[1:] if server.argv[:1] == ("serve",) else server.argv
        if words[:1] and not words[0].startswith("-") and len(words) > 1 and not words[1].startswith("-"):
            raise refuse(
                f"`{shorten(' '.join(words[:3]))}` starts no engine that is known here",
                server.where,
                "name the command in full: vllm serve MODEL ..., python3 -m sglang.launch_server ..., trtllm-serve MODEL ...",
            )
        return EngineCommand(named, words, server)
    said = shorten(" ".join(server.argv[:3])) or server.image or "nothing"
    raise refuse(
        f"`{said}` starts no engine that is known here",
        server.where,
        "engines are vllm, sglang, trtllm and transformers; system.backend=NAME answers for an image whose name says none",
    )
