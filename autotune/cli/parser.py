"""How the arguments of every verb are read."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

WRONG_INPUT = 2


class Parser(argparse.ArgumentParser):
    """Options may stand anywhere between overrides, are never abbreviated, and errors are one line."""

    def __init__(self, *, prog: str, description: str, epilog: str | None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"error: {message}\n  help: `{self.prog} --help` shows the options\n")
        raise SystemExit(WRONG_INPUT)
