"""autotune ui: the web page and the API on this machine."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING

from autotune.cli.loading import load_module
from autotune.cli.output import say
from autotune.cli.store_option import add_store
from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    import argparse

EPILOG = """\
Examples
  autotune ui                     http://127.0.0.1:8765, for this machine alone
  autotune ui --read-only         results can be looked at; nothing can be started or changed
  autotune ui --host 0.0.0.0      for others too; who knows the token that is printed gets in

Beyond this machine a token is needed: $AUTOTUNE_TOKEN, else one is made and printed once. Put TLS before it (docs/api.md).
Runs started from the page are processes of their own: they go on when this ends, and wait in a queue that is kept."""

_PORT = 8765
#: Packages of the extra `web`, by the names that are imported.
_NEEDED = ("fastapi", "plotly", "python_multipart", "sse_starlette")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, default=_PORT, metavar="P", help=f"port to listen on (default {_PORT}; 0: a free one)"
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen at (default 127.0.0.1)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--read-only", action="store_true", help="nothing can be started, changed or removed")
    parser.add_argument(
        "--max-runs", type=int, default=1, metavar="N", help="runs that work at once; more wait (default 1)"
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    _check(args)
    if lacking := [name for name in _NEEDED if importlib.util.find_spec(name) is None]:
        raise InputError(
            diagnostic(
                "AT030",
                f"the web page needs what is not installed: {', '.join(lacking)}",
                help="pip install 'llm-autotune[web]'",
            )
        )
    from autotune.web.serve import address_of, listen, serve
    from autotune.web.settings import TOKEN_VARIABLE, WebSettings, is_loopback

    token, made = _token(os.environ.get(TOKEN_VARIABLE, ""), local=is_loopback(args.host))
    listening = listen(args.host, args.port)
    port = listening.getsockname()[1]
    settings = WebSettings(args.host, port, args.store, token, args.read_only, args.max_runs)

    app = load_module("autotune.web.app").create_app(settings)
    say(address_of(listening))
    if made:
        say(f"token  {token}  (not shown again; {TOKEN_VARIABLE} sets one)")
    sys.stderr.flush()
    serve(listening, app, browser=not args.no_browser and sys.stdout.isatty())
    say("ended; runs that were started from it go on (`autotune runs`), and those that wait are kept")
    return 0


def _token(given: str, *, local: bool) -> tuple[str | None, bool]:
    """The token that is needed, and whether it was made here. One that is given holds on loopback too."""
    from autotune.web.secrets import SHORTEST_TOKEN, new_token

    if given and len(given) < SHORTEST_TOKEN:
        raise InputError(
            diagnostic("AT003", f"the token in AUTOTUNE_TOKEN has {len(given)} characters, and needs {SHORTEST_TOKEN} or more",
                       help="`openssl rand -hex 32` makes one; without it one is made and printed")
        )  # fmt: skip
    if given:
        return given, False
    return (None, False) if local else (new_token(), True)


def _check(args: argparse.Namespace) -> None:
    if not 0 <= args.port <= 65535:
        raise InputError(diagnostic("AT003", f"--port {args.port} is no port", path="--port", help="0 to 65535"))
    if not 1 <= args.max_runs <= 1000:
        raise InputError(
            diagnostic("AT003", f"--max-runs {args.max_runs} is out of range", path="--max-runs", help="1 to 1000")
        )
