"""Composing base configs: once for each distinct choice of groups, with the file and line of every value.

Hydra says what they are, and is asked (and imported) where they are not of the plainest kind.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotune.compose.overrides import format_value
from autotune.compose.plain_config import compose_plain
from autotune.compose.settings import Assign, Choose, HydraOnly, Setting
from autotune.diagnostics import InputError, Source, Writer, diagnostic, suggest
from autotune.layers import flatten, get_path, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from autotune.layers import YamlSource

_CONFIG_NAME = "config"


@dataclass(frozen=True, slots=True)
class Composed:
    """A base config: plain data, who wrote each value that is not null, and the paths a chosen option set."""

    data: Mapping[str, Any]
    origin: Mapping[str, Writer]
    pinned: Mapping[str, Writer]


#: Hydra keeps one instance for the whole process.
_HYDRA = threading.Lock()


class Composer:
    """Composes configs from one set of config folders. `folders` in order of search; the first is the built-in one."""

    def __init__(self, folders: tuple[Path, ...], shown: Mapping[Path, str] | None = None) -> None:
        self._folders = folders
        self._shown = dict(shown or {})
        self._cache: dict[tuple[str, ...], Composed] = {}
        self._sources: dict[str, tuple[str, YamlSource] | None] = {}
        self.groups = frozenset(group for folder in folders for group in _groups(folder))

    def options(self, group: str) -> list[str]:
        """The options of a group, from every folder. A name that is no group has none: it may be any path."""
        if group not in self.groups:
            return []
        found = {file.stem for folder in self._folders for file in (folder / group).glob("*.yaml")}
        return sorted(found)

    def compose(self, settings: tuple[Setting, ...]) -> Composed:
        """The base config under these choices. Values are the caller's to lay on, unless some setting is `HydraOnly`:
        then Hydra is given the values too, since deletions and interpolations see them.

        Raises InputError: AT026 unknown option, AT004 what Hydra refuses.
        """
        choices = {setting.group: setting for setting in settings if isinstance(setting, Choose)}
        raw: tuple[str, ...] = ()
        if any(isinstance(setting, HydraOnly) for setting in settings):
            raw = tuple(
                setting.text
                if isinstance(setting, HydraOnly)
                else f"++{'.'.join(setting.path)}={format_value(setting.value)}"
                for setting in settings
                if isinstance(setting, HydraOnly | Assign)
            )
        for choice in choices.values():
            self._check_option(choice)
        overrides = (*(f"{choice.group}={choice.option}" for choice in choices.values()), *raw)
        if overrides not in self._cache:
            with _HYDRA:
                self._cache[overrides] = self._compose(overrides, choices)
        return self._cache[overrides]

    def _check_option(self, choice: Choose) -> None:
        options = self.options(choice.group)
        if choice.option not in options:
            raise InputError(
                diagnostic(
                    "AT026",
                    f"{choice.group} has no option `{choice.option}`",
                    path=choice.group,
                    writer=choice.writer,
                    help=suggest(choice.option, options),
                )
            )

    def _compose(self, overrides: tuple[str, ...], choices: Mapping[str, Choose]) -> Composed:
        plain = None
        if len(self._folders) == 1 and len(overrides) == len(choices):
            options = {group: choice.option for group, choice in choices.items()}
            plain = compose_plain(_CONFIG_NAME, options, self._read)
        if plain is not None:
            data, order = plain[0], [(path, path.partition("/")[0]) for path in plain[1]]
        else:
            data, order = self._ask_hydra(overrides)
        origin: dict[str, Writer] = {}
        pinned: dict[str, Writer] = {}
        for path, package in order:
            for dotted, writer, value in self._values(path, package):
                if value is None or get_path(data, tuple(dotted.split("."))) is None:
                    continue
                group, _, option = path.rpartition("/")
                chosen = choices.get(group)
                if chosen is not None and chosen.option == option:
                    pinned[dotted] = origin[dotted] = Writer(
                        chosen.writer.source, writer.file, writer.line, override=chosen.text
                    )
                else:
                    origin[dotted] = writer
        return Composed(data, origin, pinned)

    def _ask_hydra(self, overrides: tuple[str, ...]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The composed data, and the configs it was made of in order: path and package."""
        from hydra import compose
        from hydra.core.global_hydra import GlobalHydra
        from hydra.errors import HydraException
        from hydra.types import RunMode
        from omegaconf import OmegaConf
        from omegaconf.errors import OmegaConfBaseException

        try:
            with self._hydra() as search:
                config = compose(_CONFIG_NAME, overrides=[*search, *self._with_plus(overrides)])
                container = OmegaConf.to_container(config, resolve=True)
                loader = GlobalHydra.instance().hydra.config_loader  # type: ignore[union-attr]
                order = loader.compute_defaults_list(
                    _CONFIG_NAME, [*search, *self._with_plus(overrides)], RunMode.RUN
                ).defaults
        except (HydraException, OmegaConfBaseException) as error:
            text = " ".join(overrides)
            raise InputError(
                diagnostic(
                    "AT004",
                    f"Hydra cannot compose `{text}`: {str(error).strip().splitlines()[0]}",
                    writer=Writer(Source.USER, override=text),
                    help="see the Hydra documentation for `~key`, `group@package=option` and `hydra.*`",
                )
            ) from None
        assert isinstance(container, dict)
        return (
            {str(key): value for key, value in container.items() if key != "profile"},
            [
                (default.config_path, default.package or "")
                for default in order
                if default.config_path is not None and not default.config_path.startswith("hydra/")
            ],
        )

    def _with_plus(self, overrides: tuple[str, ...]) -> list[str]:
        """Groups that the primary config does not name (from --config-dir) are appended, as Hydra wants it."""
        known = set(_groups(self._folders[0]))
        return [
            f"+{text}" if (key := text.partition("=")[0]) in self.groups and key not in known else text
            for text in overrides
        ]

    @contextlib.contextmanager
    def _hydra(self) -> Iterator[list[str]]:
        from hydra import initialize_config_dir
        from hydra.core.global_hydra import GlobalHydra

        GlobalHydra.instance().clear()
        with initialize_config_dir(str(self._folders[0]), version_base="1.3", job_name="autotune"):
            extra = ",".join(f"'file://{folder}'" for folder in self._folders[1:])
            yield [f"hydra.searchpath=[{extra}]"] if extra else []

    def _values(self, config_path: str, package: str) -> Iterator[tuple[str, Writer, Any]]:
        found = self._read(config_path)
        if found is None:
            return
        source = found[1]
        prefix = tuple(package.split(".")) if package and package != "_global_" else ()
        if isinstance(source.data, dict):
            for path, value in flatten({key: item for key, item in source.data.items() if key != "defaults"}):
                if path:
                    yield ".".join((*prefix, *path)), Writer(Source.BASE, source.name, source.line(*path)), value

    def _read(self, config_path: str) -> tuple[str, YamlSource] | None:
        """Text and contents of the first file of that path, read once; None where no folder has one."""
        if config_path not in self._sources:
            files = ((folder / f"{config_path}.yaml", folder) for folder in self._folders)
            file, folder = next(((file, folder) for file, folder in files if file.is_file()), (None, None))
            if file is None or folder is None:
                self._sources[config_path] = None
            else:
                text = file.read_text(encoding="utf-8")
                self._sources[config_path] = text, parse_yaml(text, self._name(file, folder))
        return self._sources[config_path]

    def _name(self, file: Path, folder: Path) -> str:
        return f"{self._shown.get(folder, str(folder))}/{file.relative_to(folder)}"


def _groups(folder: Path) -> Iterator[str]:
    for child in sorted(folder.iterdir()):
        if child.is_dir() and any(child.glob("*.yaml")):
            yield child.name
