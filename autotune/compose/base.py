"""Composing base configs with Hydra: once for each distinct choice of groups, with the file and line of every value."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from autotune.compose.overrides import format_value
from autotune.compose.settings import Assign, Choose, HydraOnly, Setting
from autotune.diagnostics import InputError, Source, Writer, diagnostic, suggest
from autotune.layers import flatten, get_path, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

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
        self._sources: dict[Path, Any] = {}
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
        data: dict[str, Any] = {str(key): value for key, value in container.items() if key != "profile"}
        origin: dict[str, Writer] = {}
        pinned: dict[str, Writer] = {}
        for default in order:
            path = default.config_path
            if path is None or path.startswith("hydra/"):
                continue
            for dotted, writer, value in self._values(path, default.package or ""):
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

    def _with_plus(self, overrides: tuple[str, ...]) -> list[str]:
        """Groups that the primary config does not name (from --config-dir) are appended, as Hydra wants it."""
        known = set(_groups(self._folders[0]))
        return [
            f"+{text}" if (key := text.partition("=")[0]) in self.groups and key not in known else text
            for text in overrides
        ]

    @contextlib.contextmanager
    def _hydra(self) -> Iterator[list[str]]:
        GlobalHydra.instance().clear()
        with initialize_config_dir(str(self._folders[0]), version_base="1.3", job_name="autotune"):
            extra = ",".join(f"'file://{folder}'" for folder in self._folders[1:])
            yield [f"hydra.searchpath=[{extra}]"] if extra else []

    def _values(self, config_path: str, package: str) -> Iterator[tuple[str, Writer, Any]]:
        for folder in self._folders:
            file = folder / f"{config_path}.yaml"
            if file.is_file():
                break
        else:
            return
        source = self._sources.get(file)
        if source is None:
            source = self._sources[file] = parse_yaml(file.read_text(encoding="utf-8"), self._name(file, folder))
        prefix = tuple(package.split(".")) if package and package != "_global_" else ()
        if isinstance(source.data, dict):
            for path, value in flatten({key: item for key, item in source.data.items() if key != "defaults"}):
                if path:
                    yield ".".join((*prefix, *path)), Writer(Source.BASE, source.name, source.line(*path)), value

    def _name(self, file: Path, folder: Path) -> str:
        return f"{self._shown.get(folder, str(folder))}/{file.relative_to(folder)}"


def _groups(folder: Path) -> Iterator[str]:
    for child in sorted(folder.iterdir()):
        if child.is_dir() and any(child.glob("*.yaml")):
            yield child.name
