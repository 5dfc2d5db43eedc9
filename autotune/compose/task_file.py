"""Task files: config groups as YAML, with `profile`, `overrides` and `sweep`, and `predicted`, which is for `verify` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotune.claims import KEY as PREDICTED
from autotune.claims import read_claims
from autotune.compose.overrides import Options, format_value, parse_overrides, tie
from autotune.compose.settings import Assign, Choose, Dimension, Setting, setting_for
from autotune.diagnostics import Diagnostic, InputError, Source, Writer, diagnostic, suggest
from autotune.layers import YamlSource, flatten
from autotune.schema import Config, field_paths, is_known

if TYPE_CHECKING:
    from collections.abc import Collection

_OWN_KEYS = ("name", "description", "version", "profile", "overrides", "sweep", PREDICTED)


def read_task(source: YamlSource, groups: Collection[str], options: Options) -> list[Dimension]:
    """The dimensions that a task file declares; its `sweep:` needs no -m.

    Raises InputError with everything that is wrong: AT002 unknown key, AT004 sweep values, AT025 structure.
    """
    reader = _Reader(source, groups, options)
    dimensions = reader.read()
    if reader.found:
        raise InputError(*reader.found)
    return dimensions


class _Reader:
    def __init__(self, source: YamlSource, groups: Collection[str], options: Options) -> None:
        self.source = source
        self.groups = groups
        self.options = options
        self.found: list[Diagnostic] = []

    def writer(self, *path: str, sweep: bool = False) -> Writer:
        return Writer(Source.SWEEP if sweep else Source.USER, self.source.name, self.source.line(*path))

    def wrong(self, code: str, message: str, *path: str, help: str | None = None) -> None:  # noqa: A002
        self.found.append(diagnostic(code, message, writer=self.writer(*path), help=help))

    def read(self) -> list[Dimension]:
        data = self.source.data
        if not isinstance(data, dict):
            self.wrong(
                "AT025",
                f"task file {self.source.name} must be a map of config groups",
                help="see examples/ and docs/tasks.md",
            )
            return []
        if "task_name" in data or "base_runtime" in data:
            self.wrong(
                "AT025",
                f"{self.source.name} is a v1 task (it has `task_name` or `base_runtime`)",
                help="`autotune migrate FILE` writes the v2 task and says what became of every value",
            )
            return []
        dimensions: list[Dimension] = []
        for key, value in data.items():
            if key in _OWN_KEYS:
                continue
            if key not in self.groups and key not in Config.model_fields:
                self.wrong(
                    "AT002", f"unknown config key `{key}`", key, help=suggest(key, [*Config.model_fields, *_OWN_KEYS])
                )
            elif isinstance(value, str):
                dimensions.append(
                    Dimension(((setting_for(key, value, self.groups, self.writer(key), f"{key}={value}"),),))
                )
            elif isinstance(value, dict):
                dimensions.append(Dimension((tuple(self.group(key, value)),)))
            elif value is not None:
                self.wrong("AT003", f"{key} must be a map of settings or the name of an option, and is {value!r}", key)
        try:
            read_claims(data)
        except ValueError as error:
            self.wrong("AT025", str(error), PREDICTED, help="docs/verifying.md shows the block")
        dimensions = self.profiles(data.get("profile")) + dimensions
        return dimensions + self.overrides(data.get("overrides")) + self.sweep(data.get("sweep"))

    def group(self, key: str, value: dict[str, Any]) -> list[Setting]:
        settings: list[Setting] = []
        if key == "executor" and isinstance(value.get("name"), str):
            settings.append(Choose(key, value["name"], self.writer(key, "name"), f"executor={value['name']}"))
        for path, leaf in flatten(value, (key,)):
            dotted = ".".join(path)
            writer = self.writer(*path)
            if not is_known(dotted):
                self.wrong("AT002", f"unknown config key `{dotted}`", *path, help=suggest(dotted, field_paths()))
            elif isinstance(leaf, str) and "${" in leaf:
                self.wrong(
                    "AT025",
                    f"`{leaf}`: interpolation is not available in task files",
                    *path,
                    help="write the value itself",
                )
            else:
                settings.append(Assign(path, leaf, writer, f"{dotted}={format_value(leaf)}"))
        return settings

    def profiles(self, value: Any) -> list[Dimension]:
        if value is None:
            return []
        if not isinstance(value, str) and not (
            isinstance(value, list) and all(isinstance(item, str) for item in value)
        ):
            self.wrong("AT025", "`profile` must be a profile name or a list of them", "profile")
            return []
        return [
            Dimension(
                ((setting_for("profile", value, (), self.writer("profile"), f"+profile={format_value(value)}"),),)
            )
        ]

    def overrides(self, value: Any) -> list[Dimension]:
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong("AT025", "`overrides` must be a list of overrides as typed on the command line", "overrides")
            return []
        try:
            return parse_overrides(value, self.groups, self.options, sweeps=False)
        except InputError as error:
            self.found += [item.at(self.writer("overrides")) for item in error.diagnostics]
            return []

    def sweep(self, value: Any) -> list[Dimension]:
        if value is None:
            return []
        if not isinstance(value, dict):
            self.wrong(
                "AT025",
                "`sweep` must map dotted paths to lists of values",
                "sweep",
                help="sweep: {parallel.tp: [2, 4]}",
            )
            return []
        dimensions = []
        for key, values in value.items():
            try:
                dimensions.append(self.dimension(key, values))
            except InputError as error:
                self.found += error.diagnostics
        return dimensions

    def dimension(self, key: str, values: Any) -> Dimension:
        writer = self.writer("sweep", key, sweep=True)
        names = [name.strip() for name in key.split(",")]
        for name in names:
            if name != "profile" and name not in self.groups and not is_known(name):
                raise InputError(
                    diagnostic(
                        "AT002",
                        f"unknown config key `{name}` in the sweep",
                        writer=writer,
                        help=suggest(name, field_paths()),
                    )
                )
        rows = self.values(key, values, writer)
        if len(names) > 1:
            return tie(names, rows, self.groups, writer, key)
        return Dimension(
            tuple((setting_for(key, row, self.groups, writer, f"{key}={format_value(row)}"),) for row in rows),
            swept=True,
        )

    def values(self, key: str, values: Any, writer: Writer) -> list[Any]:
        """A list as it stands; `{from, to, step}` and `{from, to, factor}` with both ends; text in Hydra's sweep grammar."""
        if isinstance(values, list) and values:
            return values
        if isinstance(values, str):
            (dimension,) = parse_overrides([f"+values={values}"], (), self.options, sweeps=True)
            return [
                setting.value
                for alternative in dimension.alternatives
                for setting in alternative
                if isinstance(setting, Assign)
            ]
        if isinstance(values, dict) and set(values) in (
            {"from", "to", "step"},
            {"from", "to", "factor"},
            {"from", "to"},
        ):
            return _steps(key, values, writer)
        raise InputError(
            diagnostic(
                "AT004",
                f"the sweep over {key} needs a list of at least one value, and is {values!r}",
                writer=writer,
                help=f'{key}: [1, 2], or {{from: 1, to: 8, step: 1}}, or {{from: 1, to: 64, factor: 2}}, or "range(1,9)"',
            )
        )


def _steps(key: str, spec: dict[str, Any], writer: Writer) -> list[Any]:
    numbers = list(spec.values())
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        raise InputError(
            diagnostic("AT004", f"the range of {key} needs numbers", writer=writer, help="{from: 1, to: 8, step: 1}")
        )
    start, stop = spec["from"], spec["to"]
    step, factor = spec.get("step", 1), spec.get("factor")
    if start > stop or step <= 0 or (factor is not None and (factor <= 1 or start <= 0)):
        raise InputError(
            diagnostic(
                "AT004",
                f"the range of {key} never ends or holds nothing",
                writer=writer,
                help="from <= to, step > 0, factor > 1",
            )
        )
    values: list[Any] = []
    value = start
    while value <= stop and len(values) < 100_000:
        values.append(value)
        value = value * factor if factor is not None else round(start + step * len(values), 12)
    return values
