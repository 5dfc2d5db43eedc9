"""autotune profiles: what there is, and what one holds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from autotune.cli.output import print_json
from autotune.diagnostics import InputError, diagnostic, suggest
from autotune.workspace.files import read_text
from autotune.workspace.load import load_workspace

if TYPE_CHECKING:
    import argparse

    from autotune.workspace.profiles import ProfileShelf


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "show"), default="list", help="list (default) or show")
    parser.add_argument("name", nargs="?", help="the profile to show")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    shelf = load_workspace().shelf
    if args.action == "show":
        return _show(shelf, args.name, args.format)
    rows = [
        _row(shelf, entry.name) | {"file": entry.file, "builtin": entry.builtin, "shadows": list(entry.shadows)}
        for entry in shelf.entries()
    ]
    if args.format == "json":
        print_json(rows)
        return 0
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        note = "" if row["builtin"] else f" [{row['file']}{', shadows a built-in' if row['shadows'] else ''}]"
        sys.stdout.write(f"{row['name']:<{width}}  {row['description']}{note}\n")
    return 0


def _row(shelf: ProfileShelf, name: str) -> dict[str, Any]:
    try:
        profile = shelf[name]
    except InputError as error:
        return {
            "name": name,
            "description": f"cannot be read: {error.diagnostics[0].message}",
            "extends": [],
            "conflicts": [],
            "layers": [],
        }
    return {
        "name": name,
        "description": profile.description,
        "extends": list(profile.extends),
        "conflicts": list(profile.conflicts),
        "layers": list(profile.layers),
    }


def _show(shelf: ProfileShelf, name: str | None, form: str) -> int:
    if name is None:
        raise InputError(diagnostic("AT006", "which profile?", help="autotune profiles show NAME"))
    if name not in shelf:
        raise InputError(diagnostic("AT006", f"unknown profile `{name}`", help=suggest(name, shelf)))
    profile = shelf[name]
    if form == "json":
        print_json(
            _row(shelf, name)
            | {
                "file": profile.file,
                "layers": {
                    layer.name: {
                        "when": None if layer.when is None else layer.when.text,
                        "set": {".".join(path): value for path, value, _ in layer.writes},
                    }
                    for layer in profile.layers.values()
                },
            }
        )
        return 0
    sys.stdout.write(f"# {profile.file}\n{read_text(shelf.path(name), 'profile')}")
    return 0
