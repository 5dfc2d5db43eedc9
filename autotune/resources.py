"""Where the data folders lie: beside the package in a wheel, beside it at the top level in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `conf`, `profiles` or `templates`, wherever this copy of the package keeps it.

    Raises FileNotFoundError when the installation is incomplete.
    """
    for place in (_PACKAGE / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"this installation of autotune lacks its `{name}` folder; install the package again")
