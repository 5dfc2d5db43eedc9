"""autotune migrate: v1 tasks to v2 task files, with a report of what became of every value."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autotune.cli.output import print_diagnostics, print_json, say
from autotune.cli.store_option import add_store
from autotune.diagnostics import Diagnostic, InputError, Source, Writer, diagnostic
from autotune.migrate import migrate_text, report_data, report_text
from autotune.migrate.placement import IMAGES
from autotune.resources import folder
from autotune.store import Store, Task
from autotune.workspace.catalog_files import load_catalog
from autotune.workspace.files import read_text, shown

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from autotune.migrate import Migration

EPILOG = """\
Writes NAME.v2.yaml beside each input (or into -o DIR) and the report to stdout. With --check nothing is written, and
the exit code is 2 when a file is no v1 task or a value needs a person's decision. A bad file does not stop the others."""

_SUFFIXES = (".json", ".yaml", ".yml")
_V2 = ".v2.yaml"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs", nargs="+", metavar="FILE | FOLDER", help="v1 tasks as JSON or YAML, or folders of them"
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="folder to write to (default: beside each input)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 2 when something needs a person")
    parser.add_argument("--keep", action="store_true", help="keep both texts in the store too, linked to each other")
    add_store(parser)
    parser.add_argument("--force", action="store_true", help="overwrite files that are there already")
    parser.add_argument(
        "--engine", choices=tuple(IMAGES), help="the engine of runtimes whose name does not say which it is"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    catalog = load_catalog().catalog
    executors = frozenset(path.stem for path in folder("conf").glob("executor/*.yaml"))
    wrong: list[Diagnostic] = []
    reports: list[dict[str, Any]] = []
    human = unwritten = False
    tasks: list[Task] = []
    written: set[Path] = set()
    for file in _files(args.inputs, wrong):
        try:
            text = read_text(file, "v1 task")
            migration = migrate_text(text, shown(file), catalog, engine=args.engine, executors=executors)
            target = None if args.check or migration.text is None else _write(file, migration, args, written)
        except InputError as error:
            wrong += error.diagnostics
            continue
        if target is not None and migration.text is not None:
            first = Task(text, file.name, version=1)
            tasks += [first, Task(migration.text, target.name, migrated_from=first.hash)]
        human |= migration.needs_human
        unwritten |= migration.text is None
        if args.format == "json":
            reports.append(report_data(migration) | {"written": None if target is None else str(target)})
        else:
            sys.stdout.write(report_text(migration) + "\n" + (f"wrote {shown(target)}\n\n" if target else "\n"))
    if args.format == "json":
        print_json({"tasks": reports, "errors": [item.as_dict() for item in wrong]})
    if args.keep:
        _keep(tasks, args.store)
    print_diagnostics(wrong)
    if human:
        say("values marked `!` (needs_human) want a person's decision")
    return 2 if wrong or unwritten or (args.check and human) else 0


def _keep(tasks: list[Task], place: str | None) -> None:
    """Each v1 task and what became of it, so that results of the v2 task can be followed back to the first."""
    with Store(place) as store:
        for task in tasks:
            store.save_task(task)
        one = len(tasks) == 2
        say(
            f"{len(tasks) // 2} v1 task{'' if one else 's'} and what became of {'it' if one else 'them'} are kept in {store.name}"
        )


def _files(inputs: list[str], wrong: list[Diagnostic]) -> list[Path]:
    """The files named, and those in the folders named, each once; what was migrated already is passed over."""
    files: dict[Path, None] = {}
    for name in inputs:
        path = Path(name)
        if not path.is_dir():
            files[path] = None
            continue
        found = sorted(
            item
            for item in path.iterdir()
            if item.is_file() and item.suffix in _SUFFIXES and not item.name.endswith(_V2)
        )
        files |= dict.fromkeys(found)
        if not found:
            wrong.append(
                diagnostic("AT001", f"{name} holds no v1 tasks", writer=Writer(Source.USER, name),
                           help="name a folder with .json, .yaml or .yml files in it")
            )  # fmt: skip
    return list(files)


def _write(file: Path, migration: Migration, args: argparse.Namespace, written: set[Path]) -> Path:
    """The whole file or nothing of it. Raises InputError (AT003, AT001) where one is there or it cannot be written."""
    place = file.parent if args.output is None else Path(args.output)
    target = place / f"{file.stem}{_V2}"
    if target in written or (target.exists() and not args.force):
        raise InputError(
            diagnostic("AT003", f"{target} is there already; {file} was not written", writer=Writer(Source.USER, str(file)),
                       help="--force overwrites it, -o DIR writes elsewhere; inputs of one name need different folders")
        )  # fmt: skip
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}")
        part.write_text(migration.text or "", encoding="utf-8")
        part.replace(target)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            diagnostic("AT001", f"{target} cannot be written: {reason}", help="choose another folder with -o")
        ) from None
    written.add(target)
    return target
