"""What an installed vLLM's own argument parser says. Run it with the Python of vLLM's environment, not with autotune's.

    PYTHON_OF_VLLM tools/vllm_parser.py < FILE

FILE holds a JSON list of command lines (each a list, `vllm serve MODEL ...`). The answer is JSON: `version`, `flags` (the
options that the parser knows), `verdicts` (for each line null where it is taken, else what was said against it).
Nothing is loaded and no server starts; the imports take 10 to 20 s.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import sys
from importlib import metadata
from typing import Any


def make_parser() -> argparse.ArgumentParser:
    """The parser of `vllm serve`, wherever this version keeps it."""
    from vllm.entrypoints.cli.serve import make_arg_parser

    try:
        from vllm.utils.argparse_utils import FlexibleArgumentParser
    except ImportError:
        from vllm.utils import FlexibleArgumentParser
    return make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))


def dump(parser: argparse.ArgumentParser) -> dict[str, dict[str, Any]]:
    """Option -> its other spellings, how many values it takes, and its choices."""
    flags: dict[str, dict[str, Any]] = {}
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        longs = [option for option in action.option_strings if option.startswith("--")]
        if not longs or action.dest == "help":
            continue
        paired = isinstance(action, argparse.BooleanOptionalAction)
        names = [option for option in action.option_strings if not (paired and option.startswith("--no-"))]
        entry: dict[str, Any] = {"names": sorted(names), "kind": "pair" if paired else _kind(action)}
        if action.choices is not None:
            entry["choices"] = sorted(str(choice) for choice in action.choices if choice is not None)
        flags[next(name for name in names if name.startswith("--"))] = entry
    return dict(sorted(flags.items()))


def _kind(action: argparse.Action) -> str:
    if action.nargs == 0:
        return "bare"
    return "several" if action.nargs in ("+", "*") else "optional" if action.nargs == "?" else "one"


def verdict(parser: argparse.ArgumentParser, argv: list[str]) -> str | None:
    """None where the parser and the engine's own argument class take the line, else what they say."""
    from vllm.engine.arg_utils import AsyncEngineArgs

    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            arguments = parser.parse_args(argv[2:])
            AsyncEngineArgs.from_cli_args(arguments)
    except SystemExit:
        return errors.getvalue().strip().splitlines()[-1]
    except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
        return f"{type(error).__name__}: {error}"
    return None


def main() -> None:
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(sys.stderr):
        parser = make_parser()
        verdicts = [verdict(parser, line) for line in json.load(sys.stdin)]
        answer = {"version": metadata.version("vllm"), "flags": dump(parser), "verdicts": verdicts}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
