"""autotune import aiconfigurator FOLDER: what aiconfigurator chose as task files, with its predictions in them."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.api import compile_dimensions
from autotune.cli.output import print_diagnostics, print_json, say
from autotune.compose.task_file import read_task
from autotune.diagnostics import Diagnostic, InputError, Severity, Source, Writer, diagnostic
from autotune.importing.aiconfigurator import Task, read_experiments, to_tasks
from autotune.importing.config import to_settings
from autotune.importing.refuse import refuse
from autotune.layers import parse_yaml
from autotune.workspace.files import read_text, shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from autotune.workspace.load import Workspace

WORD = "aiconfigurator"
#: What aiconfigurator writes that says something about its configs.
_SUFFIXES = (".csv", ".yaml", ".sh")
#: Larger files are not of its making.
_MOST_BYTES = 2**22


def import_folders(
    args: argparse.Namespace,
    folders: Sequence[str],
    given: Mapping[str, Any],
    workspace: Workspace,
    base: dict[str, Any],
) -> int:
    """One task file for each experiment and engine: into the folder of `-o`, or to stdout where there is only one."""
    files = {name: text for folder in folders for name, text in _read(Path(folder).expanduser()).items()}
    tasks, refused = _tasks(files, folders, given, workspace, base)
    where = Writer(Source.USER, ", ".join(folders))
    if not tasks:
        raise _nothing(folders, "; ".join(refused) or "no best_config_topn.csv lies in it")
    found = [diagnostic("AT117", text, writer=where, help="it is not in the tasks") for text in refused]
    for task in tasks:
        found += [diagnostic("AT117", f"{task.name}: {text}", writer=where, help="measure with that in mind, or mend the task") for text in task.left_out]  # fmt: skip
        found += _compile(workspace, task)
    if args.output is not None:
        _write(Path(args.output), tasks, force=args.force)
    if args.format == "json":
        rows = [{"name": task.name, "points": task.points, "left_out": list(task.left_out), "task": task.text} for task in tasks]  # fmt: skip
        print_json({"tasks": rows, "refused": refused, "diagnostics": [item.as_dict() for item in found]})
    elif args.output is None:
        if len(tasks) > 1:
            names = ", ".join(f"{task.name}.yaml" for task in tasks)
            raise InputError(
                diagnostic("AT004", f"{len(tasks)} task files come of this: {names}", writer=where,
                           help="name a folder for them: autotune import -o FOLDER aiconfigurator DIR")
            )  # fmt: skip
        sys.stdout.write(tasks[0].text)
    print_diagnostics(found)
    points = sum(task.points for task in tasks)
    say(f"{points} config{'' if points == 1 else 's'} of aiconfigurator in {len(tasks)} task{'' if len(tasks) == 1 else 's'}"
        + (f", in {shown(Path(args.output))}" if args.output is not None else ""))  # fmt: skip
    if args.output is not None:
        first = shown(Path(args.output) / f"{tasks[0].name}.yaml")
        say(f"`autotune run {first}` measures them, `autotune verify` then compares")
    return 2 if any(item.severity is Severity.ERROR for item in found) else 0


def _tasks(
    files: Mapping[str, str],
    folders: Sequence[str],
    given: Mapping[str, Any],
    workspace: Workspace,
    base: dict[str, Any],
) -> tuple[list[Task], list[str]]:
    """What the folders say is given, except where the user says otherwise."""

    @functools.cache
    def read_model(name: str) -> Any:
        return workspace.world.read_model(name)

    try:
        experiments = read_experiments(files)
    except ValueError as error:
        raise _nothing(folders, str(error)) from None
    return to_tasks(
        experiments,
        lambda server, said: to_settings(
            server, workspace.world.catalog, given={**said, **given}, read_model=read_model, base=base
        ),
    )


def _read(folder: Path) -> dict[str, str]:
    """The texts below a folder by path, the folder's own name first."""
    if not folder.is_dir():
        raise _nothing([str(folder)], "it is not there" if not folder.exists() else "it is no folder")
    return {
        path.relative_to(folder.parent if folder.name else folder).as_posix(): read_text(path, "file")
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SUFFIXES and path.is_file() and path.stat().st_size <= _MOST_BYTES
    }


def _nothing(folders: Sequence[str], why: str) -> InputError:
    return refuse(
        f"it holds no config that aiconfigurator chose: {why}",
        ", ".join(folders),
        "name the folder that `aiconfigurator cli default ... --save-dir FOLDER` wrote into",
    )


def _compile(workspace: Workspace, task: Task) -> list[Diagnostic]:
    """AT118 for what the compiler finds wrong with a task, once for all its points."""
    source = parse_yaml(task.text, f"{task.name}.yaml")
    dimensions = read_task(source, workspace.composer.groups, workspace.composer.options)
    errors = {
        (item.code, item.message): item
        for point in compile_dimensions(workspace, dimensions)
        for item in point.diagnostics
        if item.severity is Severity.ERROR
    }
    return [
        diagnostic(
            "AT118",
            f"{task.name} does not compile yet, {item.code}: {item.message}",
            path=item.path,
            writer=item.writer,
            help=item.help,
        )
        for item in errors.values()
    ]


def _write(folder: Path, tasks: Sequence[Task], *, force: bool) -> None:
    """Raises InputError: AT003 where a file is there, AT001 where one cannot be written."""
    paths = {folder / f"{task.name}.yaml": task for task in tasks}
    if not force and (there := [path for path in paths if path.exists()]):
        raise InputError(
            diagnostic("AT003", f"{', '.join(map(str, there))}: there already", help="--force overwrites them")
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, task in paths.items():
            path.write_text(task.text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            diagnostic("AT001", f"{folder} cannot be written: {(error.strerror or str(error)).lower()}",
                       help="choose another folder with -o")
        ) from None  # fmt: skip
