"""From arguments to a verb, and from what went wrong to an exit code."""

from __future__ import annotations

import os
import sys

from autotune.cli.loading import load_module
from autotune.cli.verb_table import VERBS, help_text
from autotune.lazy import TYPE_CHECKING

# The help is printed without these; a verb gets them with its options.
if TYPE_CHECKING:
    from autotune.cli.parser import Parser

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
    verb = load_module(f"autotune.cli.verbs.{VERBS[name].module}")
    parser = _parser(name, getattr(verb, "EPILOG", None))
    verb.configure(parser)
    # A verb that takes other programs' flags reads its arguments itself.
    parse = getattr(verb, "parse", None)
    return int(verb.run(parser.parse_intermixed_args(arguments) if parse is None else parse(parser, arguments)))


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
