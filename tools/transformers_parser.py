"""What an installed transformers' own command line says. Run it with the Python of its environment, not with autotune's.

    PYTHON_OF_TRANSFORMERS tools/transformers_parser.py < FILE

FILE holds a JSON list of command lines (each a list, `transformers serve MODEL ...`). The answer is JSON: `version`, `flags`
(the options that the parser knows), `verdicts` (for each line null where it is taken, else what was said against it). The
values that the server judges itself are judged too. Nothing is loaded and no server starts.
"""

from __future__ import annotations

import contextlib
import json
import sys
from importlib import metadata
from typing import Any
from unittest import mock


def make_command() -> Any:
    """The click command of `transformers serve`."""
    from transformers.cli.transformers import app

    group = app
    if not hasattr(group, "commands"):
        import typer

        group = typer.main.get_command(app)
    return group.commands["serve"]


def dump(command: Any) -> dict[str, dict[str, Any]]:
    """Option -> its other spellings, kind, and choices."""
    flags: dict[str, dict[str, Any]] = {}
    for option in command.params:
        longs = [name for name in getattr(option, "opts", ()) if name.startswith("--")]
        if not longs or option.name == "help" or option.hidden:
            continue
        kind = "pair" if option.secondary_opts else "bare" if option.is_flag else "one"
        names = sorted(longs)
        flags[longs[0]] = {"names": names, "kind": kind, "choices": sorted(getattr(option.type, "choices", ()))}
    return dict(sorted(flags.items()))


def verdict(command: Any, argv: list[str]) -> str | None:
    """None where parser and server take the line, else what they say."""
    try:
        given = command.make_context("serve", argv[2:]).params
        judge(given)
    except SystemExit as error:
        return f"exit {error.code}"
    except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
        return f"{type(error).__name__}: {getattr(error, 'message', None) or error}"
    return None


def judge(given: dict[str, Any]) -> None:
    """The checks of the server's own constructor, without loading the model."""
    from transformers.cli.serving.model_manager import ModelManager

    names = ("device", "dtype", "trust_remote_code", "attn_implementation", "quantization", "force_model")
    with mock.patch.object(ModelManager, "load_model_and_processor"):
        ModelManager(**{name: given[name] for name in names})


def main() -> None:
    with contextlib.redirect_stdout(sys.stderr):
        command = make_command()
        verdicts = [verdict(command, line) for line in json.load(sys.stdin)]
        answer = {"version": metadata.version("transformers"), "flags": dump(command), "verdicts": verdicts}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
