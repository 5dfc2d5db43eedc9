"""Which Docker engine is meant, whether somebody listens there, and where a port that it publishes is reached."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_URL = "unix:///var/run/docker.sock"
LOOPBACK = "127.0.0.1"
_KNOCK_S = 5.0
_ADDRESSES = "write unix:///path, tcp://host:port or ssh://user@host"
_PORTS = {"tcp": 2375, "http": 2375, "https": 2376}


class EngineError(Exception):
    """The Docker engine said no, or did not answer. `gone`: nobody answers. `status` is the HTTP status, 0 without one."""

    def __init__(self, message: str, remedy: str = "", *, gone: bool = False, status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.gone = gone
        self.status = status


@dataclass(frozen=True, slots=True)
class Address:
    """A Docker engine's address: `unix:///path`, `tcp://host:port` or `ssh://user@host`."""

    url: str

    @property
    def here(self) -> bool:
        """Whether the engine is this machine's, so that its folders and GPUs are those seen from here."""
        return urlsplit(self.url).scheme in ("unix", "npipe")

    @property
    def host(self) -> str:
        """The name or IP address under which its published ports are reached."""
        return LOOPBACK if self.here else urlsplit(self.url).hostname or LOOPBACK

    def publish_ip(self) -> str:
        """The address of that machine that ports are published on: loopback on this one, else the one it is known by here
        and no other. Raises EngineError for a name that cannot be resolved.
        """
        if self.here:
            return LOOPBACK
        try:
            return str(socket.getaddrinfo(self.host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
        except OSError as error:
            raise _unreachable(self.url, error) from None

    def knock(self) -> None:
        """Raise EngineError unless somebody listens there now: a new connection, never one kept from before.

        An engine that shuts down closes its door first and ends its containers then.
        """
        parts = urlsplit(self.url)
        try:
            if parts.scheme == "unix":
                with socket.socket(socket.AF_UNIX) as door:
                    door.settimeout(_KNOCK_S)
                    door.connect(parts.path)
            elif parts.scheme in _PORTS:
                place = (parts.hostname or LOOPBACK, parts.port or _PORTS[parts.scheme])
                socket.create_connection(place, timeout=_KNOCK_S).close()
            elif parts.scheme not in ("ssh", "npipe"):
                raise EngineError(f"{self.url} is no address of a Docker engine", _ADDRESSES, gone=True)
        except (OSError, ValueError) as error:
            raise _unreachable(self.url, error) from None


def find_address(named: str | None, environ: Mapping[str, str] = os.environ) -> Address:
    """The engine that `executor.host` names, else DOCKER_HOST, else the Docker command line's context, else the usual socket."""
    return Address(named or environ.get("DOCKER_HOST") or _context_host(environ) or DEFAULT_URL)


def _context_host(environ: Mapping[str, str]) -> str | None:
    """The address of the context chosen with `docker context use` or DOCKER_CONTEXT; None for the default one."""
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        name = environ.get("DOCKER_CONTEXT")
        context = ContextAPI.get_context(name) if name else ContextAPI.get_current_context()
    except (DockerException, OSError, ValueError):
        return None
    return None if context is None or context.Name == "default" else context.Host or None


def _unreachable(url: str, error: Exception) -> EngineError:
    start = "start Docker (`systemctl start docker`), or name another engine with executor.host or DOCKER_HOST"
    if isinstance(error, PermissionError):
        return EngineError(
            f"this user may not talk to the Docker engine at {url}",
            "join the group of the socket (`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker",
            gone=True,
        )
    if isinstance(error, FileNotFoundError):
        return EngineError(f"there is no Docker engine at {url}", start, gone=True)
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return EngineError(f"the Docker engine at {url} does not answer: {why}", start, gone=True)
