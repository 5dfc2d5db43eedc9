"""From arguments to a verb, and from what went wrong to an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys

from autotune.cli.verb_table import VERBS, help_text
from autotune.lazy import TYPE_CHECKING

# The help is printed without these; a verb gets them with its options.
if TYPE_CHECKING:
    from typing import Any

    from autotune.cli.parser import Parser

#: https://docs.pydantic.dev/latest/concepts/plugins/#disabling-plugins
_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"

OK, SOME_FAILED, WRONG_INPUT, BUG, INTERRUPTED = 0, 1, 2, 70, 130


def run_program(argv: list[str]) -> int:
    try:
        return _dispatch(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else (OK if stop.code is None else WRONG_INPUT)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`); Python must not complain again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:  # noqa: BLE001 - whatever it is, people get one line and a code
        return _report(error)


def _dispatch(argv: list[str]) -> int:
    if argv and argv[0] in ("-h", "--help", "help"):
        if len(argv) > 1 and argv[1] in VERBS:
            return _dispatch([argv[1], "--help"])
        sys.stdout.write(help_text())
        return OK
    if argv and argv[0] in ("--version", "-V"):
        from autotune import __version__

        sys.stdout.write(f"autotune {__version__}\n")
        return OK
    if argv and argv[0] in VERBS:
        return _run_verb(argv[0], argv[1:])
    from autotune.cli import completion, hydra_flags

    if (answer := completion.answer(argv)) is not None:
        return answer
    if hydra_flags.present(argv):
        return hydra_flags.hand_over(argv)
    return _run_verb("run", argv)


def _run_verb(name: str, arguments: list[str]) -> int:
    verb = _load(VERBS[name].module)
    parser = _parser(name, getattr(verb, "EPILOG", None))
    verb.configure(parser)
    # A verb that takes other programs' flags reads its arguments itself.
    parse = getattr(verb, "parse", None)
    return int(verb.run(parser.parse_intermixed_args(arguments) if parse is None else parse(parser, arguments)))


def _load(module: str) -> Any:
    """A verb's module with all that it imports, which is most of what a short command takes.

    Nothing of that is garbage, so none is looked for meanwhile or in it later; and pydantic is not to look through every
    installed package for plugins, which would watch our own configs being checked. Servers started later know nothing of that.
    """
    unsaid = _PLUGINS not in os.environ
    if unsaid:
        os.environ[_PLUGINS] = "__all__"
    gc.disable()
    try:
        return importlib.import_module(f"autotune.cli.verbs.{module}")
    finally:
        gc.freeze()
        gc.enable()
        if unsaid:
            del os.environ[_PLUGINS]


def _parser(name: str, epilog: str | None) -> Parser:
    from autotune.cli.parser import Parser

    return Parser(prog=f"autotune {name}", description=VERBS[name].summary, epilog=epilog)


def _report(error: Exception) -> int:
    from autotune.diagnostics import InputError

    if isinstance(error, InputError):
        from autotune.cli.output import print_diagnostics

        print_diagnostics(error.diagnostics, labels=error.labels)
        return WRONG_INPUT
    if os.environ.get("AUTOTUNE_DEBUG"):
        raise error
    sys.stderr.write(
        f"internal error: {type(error).__name__}: {error}\n  help: this is a bug in autotune; AUTOTUNE_DEBUG=1 shows where\n"
    )
    return BUG
