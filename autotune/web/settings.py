"""How one web server is set up."""

from __future__ import annotations

from dataclasses import dataclass, field

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
