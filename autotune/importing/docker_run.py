"""A server in a container: `docker run`, and podman's and nerdctl's, which take the same options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autotune.diagnostics import holds_secret
from autotune.engines.deployment import SecretRef, Volume
from autotune.importing.found_server import FoundServer
from autotune.importing.launch import base_name
from autotune.importing.refuse import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOOLS = frozenset({"docker", "podman", "nerdctl"})
#: Options without a value (docs.docker.com/reference/cli/docker/container/run); of the short ones, letters.
_SWITCHES = frozenset({
    "--detach", "--disable-content-trust", "--init", "--interactive", "--no-healthcheck", "--oom-kill-disable", "--privileged",
    "--publish-all", "--quiet", "--read-only", "--rm", "--sig-proxy", "--tty", "--use-api-socket", "--replace",
})  # fmt: skip
_SHORT_SWITCHES = frozenset("ditqP")
_SHORT = {"-e": "--env", "-v": "--volume", "-p": "--publish", "-l": "--label", "-u": "--user", "-w": "--workdir", "-h": "--hostname", "-m": "--memory", "-c": "--cpu-shares", "-a": "--attach"}  # fmt: skip
_UNITS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def is_docker_run(words: Sequence[str]) -> bool:
    """Whether the words begin with `docker run`, `docker container run` or another tool's."""
    if len(words) < 2 or base_name(words[0]) not in _TOOLS:
        return False
    return words[1] in ("run", "create") or (words[1] == "container" and tuple(words[2:3]) in (("run",), ("create",)))


def read_docker_run(words: Sequence[str], where: str) -> FoundServer:
    """The server that a container of this command would be. Raises InputError (AT042) where no image is named."""
    at = 3 if words[1] == "container" else 2
    reader = _Options()
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        word = words[at]
        at += 1
        if word == "--":
            break
        name, tied, value = word.partition("=")
        if not word.startswith("--"):
            name, tied, value = _short(word)
        if name in _SWITCHES or not name.startswith("--"):
            reader.unread.append(word)
            continue
        if not tied:
            if at == len(words):
                raise refuse(f"{word} has no value", where, "give the whole command")
            value = words[at]
            at += 1
        reader.take(name, value)
    if at >= len(words):
        raise refuse("`docker run` names no image", where, "give the whole command, with image and arguments")
    image, arguments = words[at], tuple(words[at + 1 :])
    entrypoint = (reader.entrypoint,) if reader.entrypoint else ()
    return FoundServer(
        where,
        argv=(*entrypoint, *arguments),
        env=reader.env,
        image=image,
        name=reader.name,
        gpus=reader.gpus,
        gpu_resource=reader.gpu_resource,
        shm_bytes=reader.shm_bytes,
        volumes=tuple(reader.volumes),
        secrets=tuple(reader.secrets),
        labels=reader.labels,
        unread=tuple(reader.unread),
    )


class _Options:
    """What the options say, one after the other."""

    def __init__(self) -> None:
        self.env: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.volumes: list[Volume] = []
        self.secrets: list[SecretRef] = []
        self.unread: list[str] = []
        self.entrypoint: str | None = None
        self.name: str | None = None
        self.gpus: int | None = None
        self.gpu_resource: str | None = None
        self.shm_bytes: int | None = None

    def take(self, name: str, value: str) -> None:
        """One option with its value."""
        if name == "--env":
            self._env(value)
        elif name == "--label":
            key, _, text = value.partition("=")
            self.labels[key] = text
        elif name in ("--volume", "--mount") and (volume := self._mounted(name, value)):
            self.volumes.append(volume)
        elif name == "--entrypoint":
            self.entrypoint = value
        elif name == "--name":
            self.name = value
        elif name == "--shm-size" and (size := read_size(value)) is not None:
            self.shm_bytes = size
        elif name == "--gpus":
            self._gpus(value)
        else:
            if name == "--device" and value.startswith(("/dev/kfd", "amd.com/gpu")):
                self.gpu_resource = "amd.com/gpu"
            self.unread.append(f"{name} {value}")

    def _env(self, value: str) -> None:
        """A value, or the name of a variable of the caller, whose value is not known here."""
        name, given, text = value.partition("=")
        if given and text not in (f"${name}", f"${{{name}}}"):
            self.env[name] = text
        elif holds_secret(name, "unknown"):
            self.secrets.append(SecretRef(name, None, name))
        else:
            self.unread.append(f"--env {name}")

    def _gpus(self, value: str) -> None:
        text = value.strip("'\"")
        if text.isascii() and text.isdigit():
            self.gpus = int(text)
        elif text.startswith("device="):
            self.gpus = len(text.removeprefix("device=").split(","))
            self.unread.append(f"--gpus {value}")
        elif count := re.fullmatch(r"count=(\d+)", text):
            self.gpus = int(count[1])
        else:
            self.unread.append(f"--gpus {value}")

    def _mounted(self, name: str, value: str) -> Volume | None:
        return self._volume(value) if name == "--volume" else self._mount(value)

    def _volume(self, value: str) -> Volume | None:
        parts = value.split(":")
        if len(parts) not in (2, 3) or not parts[1].startswith("/"):
            return None
        return self._place(
            parts[0], parts[1], read_only="ro" in parts[2:][-1:] or "ro" in (parts[2:] or [""])[0].split(",")
        )

    def _mount(self, value: str) -> Volume | None:
        fields = dict(item.partition("=")[::2] for item in value.split(","))
        source = fields.get("source", fields.get("src"))
        target = fields.get("target", fields.get("dst", fields.get("destination")))
        if target is None:
            return None
        if fields.get("type") == "tmpfs":
            size = read_size(fields.get("tmpfs-size", ""))
            return Volume(self._title(), target, medium="Memory", size_bytes=size)
        if source is None:
            return None
        return self._place(source, target, read_only="readonly" in fields or "ro" in fields)

    def _place(self, source: str, target: str, *, read_only: bool) -> Volume:
        """A folder of the host, or a named volume, which is to containers what a claim is to pods."""
        if source.startswith(("/", "~", ".", "$")):
            return Volume(self._title(), target, host_path=source, read_only=read_only)
        return Volume(self._title(), target, pvc=source, read_only=read_only)

    def _title(self) -> str:
        return f"volume-{len(self.volumes) + 1}"


def read_size(text: str) -> int | None:
    """Bytes of a size as Docker writes it (`16g`, `64m`, `1024`); None where it is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([bkmgt]?)i?b?", text.strip().lower())
    return None if found is None else round(float(found[1]) * _UNITS[found[2]])


def _short(word: str) -> tuple[str, str, str]:
    """A short option as its long one: `-e`, `-eA=b`, `-it`, `-itv`."""
    for index, letter in enumerate(word[1:], start=1):
        if f"-{letter}" in _SHORT:
            rest = word[index + 1 :]
            return _SHORT[f"-{letter}"], "=" if rest else "", rest.removeprefix("=")
        if letter not in _SHORT_SWITCHES:
            break
    return word, "", ""
