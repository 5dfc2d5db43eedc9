"""autotune ui: the web page and the API on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from autotune.cli.output import say
from autotune.cli.store_option import add_store
from autotune.diagnostics import InputError, diagnostic

if TYPE_CHECKING:
    import argparse

EPILOG = """\
Examples
  autotune ui                     http://127.0.0.1:8765, for this machine alone
  autotune ui --read-only         results can be looked at; nothing can be started or changed
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, default=8765, metavar="P", help="port to listen on (default 8765; 0: a free one)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--read-only", action="store_true", help="nothing can be started, changed or removed")
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    try:
        import fastapi  # noqa: F401
        import uvicorn
    except ImportError:
        raise InputError(
            diagnostic(
                "AT030", "the web page needs FastAPI, which is not installed", help="pip install 'llm-autotune[web]'"
            )
        ) from None
    from autotune.web.app import create_app
    from autotune.web.settings import WebSettings

    settings = WebSettings(port=args.port, store=args.store, read_only=args.read_only)
    say(f"http://{settings.host}:{settings.port}")
    sys.stderr.flush()
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning")
    return 0
