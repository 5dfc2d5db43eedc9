"""Hydra's own flags on the bare form: handed to Hydra, flags first, since its parser wants them so."""

from __future__ import annotations

import sys

from autotune.resources import folder

_FLAGS = ("--cfg", "-c", "--info", "-i", "--hydra-help", "--resolve", "--package", "-p")
_WITH_VALUE = ("--cfg", "-c", "--package", "-p", "--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp")
_OPTIONAL_VALUE = ("--info", "-i")
_INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")


def present(argv: list[str]) -> bool:
    return any(word.partition("=")[0] in _FLAGS for word in argv)


def reorder(argv: list[str]) -> list[str]:
    """Flags and their values first, overrides after."""
    flags: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word in _WITH_VALUE:
            flags += [word, *[value for value in [next(words, None)] if value is not None]]
        elif word.startswith("-") or (flags and flags[-1] in _OPTIONAL_VALUE and word in _INFO):
            flags.append(word)
        else:
            rest.append(word)
    return [*flags, *rest]


def hand_over(argv: list[str]) -> int:
    """Let Hydra answer. A task file means nothing to it."""
    import hydra

    def task(_: object) -> None:
        """Never called: every flag that leads here ends inside Hydra."""

    saved = sys.argv
    sys.argv = ["autotune", *reorder(argv)]
    try:
        hydra.main(config_path=str(folder("conf")), config_name="config", version_base="1.3")(task)()
    finally:
        sys.argv = saved
    return 0
