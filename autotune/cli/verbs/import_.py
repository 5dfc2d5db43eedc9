"""autotune import: a running command, a container or a manifest as a v2 task file; and what aiconfigurator chose."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.api import compile_dimensions, read_dimensions
from autotune.cli.output import print_diagnostics, print_json, say
from autotune.cli.verbs.import_aiconfigurator import WORD, import_folders
from autotune.compose.points import compose_points
from autotune.compose.settings import Assign
from autotune.compose.task_file import read_task
from autotune.diagnostics import Diagnostic, InputError, Severity, Source, Writer, diagnostic
from autotune.engines.known import known_flags
from autotune.importing.arguments import same
from autotune.importing.command_line import read_commands
from autotune.importing.config import to_settings
from autotune.importing.read import read_servers
from autotune.importing.refuse import refuse, shorten
from autotune.importing.render import render_summary, render_task, report_data
from autotune.importing.target import config_file_of, lowered_values
from autotune.importing.unwrap import unwrap
from autotune.layers import flatten, parse_yaml
from autotune.schema import Config
from autotune.workspace.files import read_text, shown
from autotune.workspace.load import load_workspace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from autotune.importing.found_server import FoundServer
    from autotune.importing.imported import Imported
    from autotune.workspace.load import Workspace

EPILOG = """\
The source is a command in quotes, the words of one, a file (script, Kubernetes manifest, compose file) or - for stdin;
overrides after it (system.gpu=h100_sxm, system.backend_version=0.11.0, model.id=NAME) say what it does not. Options of
autotune stand before the words of a command. The task goes to stdout, everything else to stderr.
`aiconfigurator DIR` takes the folder that `aiconfigurator cli default --save-dir DIR` wrote: a task for each experiment
and engine, with what was predicted of each config in it.
The exit code is 2 when something cannot be read, or does not come back when the task is lowered."""

_SUFFIXES = (".yaml", ".yml", ".json", ".sh", ".txt")
_LARGEST = 2**20
_OWN = ("-o", "--output", "--force", "--format", "--server")
COMMAND_LINE = "the command line"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="COMMAND | FILE | - | aiconfigurator DIR",
        help="what starts the server, then overrides (path=value); or the folder that aiconfigurator saved",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the task there (aiconfigurator: a folder); else it goes to stdout"
    )
    parser.add_argument("--force", action="store_true", help="overwrite a file that is there already")
    parser.add_argument("--server", metavar="N", type=int, help="of several servers in the source, the Nth")
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="text (default), or json: the report, with the task in it",
    )


def parse(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """An engine's flags are not ours: from the first word of an unquoted command on nothing is an option of autotune."""
    first = _first_word(arguments)
    if first is None or arguments[first] == WORD or _is_source(arguments[first]):
        return parser.parse_intermixed_args(arguments)
    args = parser.parse_args(arguments[:first])
    args.words = arguments[first:]
    return args


def run(args: argparse.Namespace) -> int:
    if not args.words:
        raise refuse("no source is named", COMMAND_LINE, 'give a command: autotune import "vllm serve MODEL ..."')
    workspace = load_workspace()
    if args.words[0] == WORD:
        folders = [word for word in args.words[1:] if not _is_override(word)]
        if not folders:
            raise refuse("no folder is named", COMMAND_LINE, "autotune import aiconfigurator DIR")
        rest = [word for word in args.words[1:] if _is_override(word)]
        given = _given(workspace, rest)
        if wrong := [path for path in given if not path.startswith(("model.", "system."))]:
            raise InputError(
                diagnostic("AT004", f"`{wrong[0]}` is what the prediction is about, and stays as the folder has it",
                           path=wrong[0], help="override model.* and system.* here, and the rest when the task is run")
            )  # fmt: skip
        return import_folders(args, folders, given, workspace, _base(workspace))
    words, overrides = _split(args.words)
    server = _choose(_read(words), args.server)
    given = _given(workspace, overrides)
    imported = to_settings(
        _with_files(server, words, given),
        workspace.world.catalog,
        given=given,
        read_model=workspace.world.read_model,
        base=_base(workspace),
    )
    text = render_task(imported)
    task = "the task" if args.output is None else shown(Path(args.output))
    found = [*map(_hint, imported.diagnostics), *_compile(workspace, imported, text, task)]
    if args.output is not None:
        _write(Path(args.output), text, force=args.force)
    if args.format == "json":
        print_json(report_data(imported) | {"diagnostics": [item.as_dict() for item in found]})
    elif args.output is None:
        sys.stdout.write(text)
    print_diagnostics(found)
    say(render_summary(imported) + (f"; wrote {shown(Path(args.output))}" if args.output is not None else ""))
    return 2 if any(item.severity is Severity.ERROR for item in found) else 0


def _first_word(arguments: Sequence[str]) -> int | None:
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word == "-" or not word.startswith("-"):
            return at
        at += 2 if word in ("-o", "--output", "--format", "--server") else 1
    return None


def _is_source(word: str) -> bool:
    """Whether one word is the whole source: a quoted command, a file, stdin."""
    return word == "-" or any(letter.isspace() for letter in word) or word.endswith(_SUFFIXES) or _is_file(word)


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False


def _is_folder(word: str) -> bool:
    try:
        return Path(word).is_dir()
    except (OSError, ValueError):
        return False


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The source, and the overrides that follow it."""
    if words and (_is_source(words[0]) or not words[0]):
        return [words[0]], list(words[1:])
    at = len(words)
    while at > 1 and _is_override(words[at - 1]):
        at -= 1
    return list(words[:at]), list(words[at:])


def _is_override(word: str) -> bool:
    key, equals, _ = word.lstrip("+~").partition("=")
    return bool(equals) and (key.partition(".")[0] in Config.model_fields or key == "profile")


def _read(words: Sequence[str]) -> list[FoundServer]:
    if len(words) > 1:
        return read_commands(words, COMMAND_LINE)
    (source,) = words
    if source == "-":
        return read_servers(_decode(sys.stdin.buffer.read()), "stdin")
    if not source.strip():
        raise refuse("the source is empty", COMMAND_LINE, 'give a command: autotune import "vllm serve MODEL ..."')
    if _is_folder(source):
        raise refuse(f"{shorten(source)} is a folder", COMMAND_LINE, "name one file in it")
    if not any(letter.isspace() for letter in source) and (source.endswith(_SUFFIXES) or _is_file(source)):
        return read_servers(read_text(Path(source), "file"), shown(Path(source)))
    return read_servers(source, COMMAND_LINE)


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(
            f"it is not UTF-8 text (byte {error.start})", "stdin", "give text: a command, a script or a manifest"
        ) from None


def _choose(servers: list[FoundServer], number: int | None) -> FoundServer:
    """The one server, or the one that --server names."""
    if number is not None:
        if 1 <= number <= len(servers):
            return servers[number - 1]
        raise refuse(f"--server {number}: there are {len(servers)}", servers[0].where, "number them from 1")
    if len(servers) == 1:
        return servers[0]
    able = [item for item in servers if _starts(item)]
    if len(able) == 1:
        return able[0]
    listed = "; ".join(
        f"{index}: {shorten(' '.join(item.argv[:3]) or item.image or item.where)}"
        for index, item in enumerate(servers, 1)
    )
    raise refuse(f"there are {len(servers)} servers: {listed}", servers[0].where, "choose one with --server N")


def _starts(server: FoundServer) -> bool:
    try:
        unwrap(server)
    except InputError:
        return False
    return True


def _given(workspace: Workspace, overrides: Sequence[str]) -> dict[str, Any]:
    """What the overrides say, by dotted path. Raises InputError (AT004) for a profile or a group's option."""
    given: dict[str, Any] = {}
    for dimension in read_dimensions(workspace, None, overrides, multirun=False):
        for setting in dimension.alternatives[0]:
            if not isinstance(setting, Assign):
                raise InputError(
                    diagnostic(
                        "AT004",
                        f"`{setting.text}` cannot stand beside an import",
                        writer=setting.writer,
                        help="give single values (path=value) here, and profiles when the task is compiled",
                    )
                )
            for path, value in flatten(setting.value, setting.path):
                given[".".join(path)] = value
    return given


def _with_files(server: FoundServer, words: Sequence[str], given: dict[str, Any]) -> FoundServer:
    """The server with the config file that its command names, where it lies here or beside the source."""
    backend = given.get("system.backend")
    command = unwrap(server, backend if isinstance(backend, str) else None)
    named = config_file_of(command.words)
    if named is None or named in command.server.files:
        return server
    folders = [Path(), *([Path(words[0]).parent] if len(words) == 1 and _is_file(words[0]) else [])]
    for place in (folder / named for folder in folders):
        if _is_file(str(place)) and place.stat().st_size <= _LARGEST:
            return replace(server, files=server.files | {named: read_text(place, "config file")})
    return server


def _base(workspace: Workspace) -> dict[str, Any]:
    """The config that a task file is laid over."""
    (point,) = compose_points([], workspace.composer)
    return {group: value for group, value in point.data.items() if group in Config.model_fields}


def _compile(workspace: Workspace, imported: Imported, text: str, task: str) -> list[Diagnostic]:
    """What the compiler says to the task: AT118 for its errors, AT043 for arguments that it does not give again."""
    source = parse_yaml(text, task)
    groups, options = workspace.composer.groups, workspace.composer.options
    try:
        (point,) = compile_dimensions(workspace, read_task(source, groups, options))
    except InputError as error:
        return [_not_yet(item) for item in error.diagnostics]
    errors = [
        _not_yet(item)
        for item in point.diagnostics
        if item.severity is Severity.ERROR and item.code not in ("AT021", "AT022", "AT028")
    ]
    if point.deployment is None or point.config is None:
        return errors
    lowered = lowered_values(
        point.deployment, known_flags(imported.engine, imported.version), keep_file=imported.keeps_file
    )
    refused = {part.said for part in imported.parts if part.status.value == "refused"}
    return errors + [
        diagnostic(
            "AT043",
            f"{name} is lowered to {lowered.get(name, 'nothing')}, and was {value}",
            writer=Writer(Source.USER, imported.where),
            help="this is a mistake of autotune; keep the flag in misc.extra_args",
        )
        for name, value in imported.values.items()
        if not refused and not (name in lowered and same(lowered[name], value))
    ]


def _hint(item: Diagnostic) -> Diagnostic:
    """The finding; for an option of autotune among the words of a command, with where it belongs."""
    if item.code == "AT043" and item.message.partition(":")[0].partition(" ")[0] in _OWN:
        return replace(item, help="options of autotune stand before the words of a command; or quote the command")
    return item


def _not_yet(item: Diagnostic) -> Diagnostic:
    advice = item.help
    if item.code == "AT010":
        advice = f"`autotune models add FOLDER` reads the facts from the model's folder (its config.json){'; ' + item.help if item.help else ''}"
    return diagnostic(
        "AT118",
        f"the task does not compile yet, {item.code}: {item.message}",
        path=item.path,
        writer=item.writer,
        help=advice,
    )


def _write(target: Path, text: str, *, force: bool) -> None:
    """Raises InputError: AT003 where a file is there, AT001 where it cannot be written."""
    writer = Writer(Source.USER, str(target))
    if target.exists() and not force:
        raise InputError(diagnostic("AT003", f"{target} is there already", writer=writer, help="--force overwrites it"))
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            diagnostic(
                "AT001", f"{target} cannot be written: {reason}", writer=writer, help="choose another file with -o"
            )
        ) from None
