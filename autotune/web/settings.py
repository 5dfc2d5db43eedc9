"""How one web server is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

#: Holds the token, where it is not to be made anew.
TOKEN_VARIABLE = "AUTOTUNE_TOKEN"  # noqa: S105 - a name, no secret


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What `autotune ui` was asked for. Bound to loopback, no token is needed; beyond it, there is one."""

    host: str = "127.0.0.1"
    port: int = 8765
    #: Database URL or path of a SQLite file; None for the user's own store.
    store: str | None = None
    token: str | None = field(default=None, repr=False)
    #: Nothing can be started, changed or removed: for sharing results.
    read_only: bool = False
    #: Runs that work at once; more wait in the queue.
    max_runs: int = 1
    #: Largest body of a request, in bytes.
    max_body_bytes: int = 4_194_304
    #: Requests of one client, in 1/s on average; bursts may be three times that. Those that read, and the others.
    reads_per_s: float = 1000.0
    writes_per_s: float = 20.0

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address, or the name localhost, is this machine's alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
