"""Putting the workspace together: config folders, profiles, catalog, engines, hardware."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from autotune.catalog import describe_variables
from autotune.catalog.folder import model_from_folder
from autotune.compiler import World
from autotune.compiler.fit import FURTHER_VARIABLES
from autotune.compose.base import Composer
from autotune.diagnostics import InputError, Source, Writer, diagnostic
from autotune.engines import ENGINES
from autotune.resources import folder
from autotune.schema import Config, field_paths
from autotune.workspace.catalog_files import load_catalog
from autotune.workspace.files import shown
from autotune.workspace.hardware import match_gpu, nvidia_products
from autotune.workspace.profiles import ProfileShelf, profile_folders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autotune.catalog.facts import ModelFacts


@dataclass(frozen=True, slots=True)
class Workspace:
    """What one command works with."""

    composer: Composer
    shelf: ProfileShelf
    world: World


def load_workspace(config_dirs: Iterable[str] = ()) -> Workspace:
    """Look around on this machine. Raises InputError for a --config-dir that is no folder (AT001) and for mistakes in catalog files."""
    folders = [folder("conf")]
    for name in config_dirs:
        place = Path(name).expanduser()
        if not place.is_dir():
            raise InputError(
                diagnostic(
                    "AT001",
                    f"--config-dir {name} is not a folder",
                    writer=Writer(Source.USER, name),
                    help="name a folder laid out like conf/",
                )
            )
        folders.append(place.resolve())
    shelf = ProfileShelf(
        profile_folders(os.environ, Path.cwd(), Path(platformdirs.user_config_dir("autotune", appauthor=False))),
        known_names(),
    )
    catalog = load_catalog().catalog
    world = World(
        catalog=catalog,
        profiles=shelf,
        engines=ENGINES,
        detected_gpu=match_gpu(nvidia_products(), catalog.gpus),
        read_model=_FolderReader(),
    )
    names = {folders[0]: "conf", **{place: shown(place) for place in folders[1:]}}
    return Workspace(Composer(tuple(folders), names), shelf, world)


def known_names() -> dict[str, list[str]]:
    """What conditions may read: the facts, and every group with its fields."""
    names: dict[str, list[str]] = {group: [] for group in Config.model_fields}
    for path in field_paths():
        group, _, rest = path.partition(".")
        if rest:
            names[group].append(rest)
    for described in (describe_variables(), FURTHER_VARIABLES):
        for root, facts in described.items():
            names.setdefault(root, []).extend(facts)
    return names


class _FolderReader:
    """Facts of local model folders, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, ModelFacts | None] = {}

    def __call__(self, name: str) -> ModelFacts | None:
        if name not in self._read:
            place = Path(name).expanduser()
            looks_local = name.startswith((".", "/", "~")) or (place / "config.json").is_file()
            self._read[name] = model_from_folder(place) if looks_local and place.is_dir() else None
        return self._read[name]
