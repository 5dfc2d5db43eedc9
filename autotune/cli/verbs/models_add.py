"""autotune models add FOLDER: an entry of the user's own from a folder's config.json."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import yaml

from autotune.catalog import builtin_catalog
from autotune.catalog.folder import model_from_folder
from autotune.cli.output import print_json, say
from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.workspace.catalog_files import user_folder
from autotune.workspace.files import shown

#: A snapshot in the Hub's cache lies below `models--org--name`.
_CACHED = re.compile(r"models--([\w.-]+?)--([\w.-]+)")
_NAME = re.compile(r"[\w][\w.-]*(/[\w][\w.-]*)?")


def add_model(folder: str, name: str | None, output: str | None, *, force: bool, form: str) -> int:
    """Write the entry and say where. Raises InputError: AT010 for a folder that cannot be read, AT003 for a bad name, for a
    file that is there already, and for facts that contradict each other.
    """
    from autotune.catalog.user_entries import entry_from_model, model_from_entry

    place = Path(folder).expanduser()
    chosen = name or _default_name(place)
    if not _NAME.fullmatch(chosen):
        raise InputError(
            diagnostic(
                "AT003",
                f"`{chosen}` cannot be the name of a model",
                writer=Writer(Source.USER, override=f"--id {chosen}" if name else folder),
                help="letters, digits, `.`, `_` and `-`, with one `/` at most: --id org/name",
            )
        )
    read = model_from_folder(place)
    model = replace(read, id=chosen, source=f"config.json in {shown(place)}")
    file = Path(output).expanduser() if output else user_folder() / "models" / f"{chosen.replace('/', '--')}.yaml"
    entry = entry_from_model(model)
    model_from_entry(chosen, entry, builtin_catalog(), lambda key: Writer(Source.USER, str(place / "config.json")))  # noqa: ARG005 - one place for all keys
    _write(file, yaml.safe_dump({"id": chosen, **entry}, sort_keys=False, allow_unicode=True), force=force)
    if form == "json":
        print_json({"id": chosen, "file": str(file)})
        return 0
    sys.stdout.write(f"{file}\n")
    say(
        f"{chosen}: {model.params_b:.3g}B parameters, {model.num_layers} layers; `autotune compile model.id={chosen}` knows it now."
    )
    say(f"Engines are given model.id as it stands; model.path={shown(place)} serves it from the folder.")
    return 0


def _default_name(place: Path) -> str:
    resolved = place.resolve()
    for part in reversed(resolved.parts):
        if found := _CACHED.fullmatch(part):
            return f"{found[1]}/{found[2]}"
    return resolved.name


def _write(file: Path, text: str, *, force: bool) -> None:
    """The whole file or nothing of it."""
    if file.exists() and not force:
        raise InputError(
            diagnostic(
                "AT003",
                f"{file} is there already",
                writer=Writer(Source.USER, str(file)),
                help="--force overwrites it, -o FILE writes another one",
            )
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.{os.getpid()}")
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            diagnostic("AT001", f"{file} cannot be written: {reason}", help="name another file with -o FILE")
        ) from None
